#include "base/metric_sink.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "base/utf8.h"

namespace tocsin {
namespace {

using LabelValues = std::span<const std::string_view>;

/// Whether `encoded` (see FamilyShape::label_values) holds exactly these values.
bool Encodes(std::string_view encoded, LabelValues values) {
  for (const std::string_view value : values) {
    if (encoded.size() <= value.size() || encoded[value.size()] != FamilyShape::kDelimiter ||
        encoded.substr(0, value.size()) != value) {
      return false;
    }
    encoded.remove_prefix(value.size() + 1);
  }
  return encoded.empty();
}

/// Whether a series of `metric` would have each label once, and only names that can be exposed.
bool HasValidNames(const MetricDesc& metric, const ConstantLabels& constant_labels) {
  if (!IsMetricName(metric.name) || metric.type == MetricType::kSummary) return false;
  for (const std::string_view name : metric.labels) {
    const bool reserved = metric.type == MetricType::kHistogram && name == "le";
    const bool taken = std::any_of(constant_labels.begin(), constant_labels.end(),
                                   [&](const auto& label) { return label.first == name; });
    const bool repeated = std::count(metric.labels.begin(), metric.labels.end(), name) > 1;
    if (!IsLabelName(name) || reserved || taken || repeated) return false;
  }
  return true;
}

/// The family of that name, which is most often where it was before; null if there is none.
const FamilyPoints* FindFamily(const Snapshot& snapshot, std::string_view name,
                               std::size_t likely_index) {
  const auto& families = snapshot.families;
  if (likely_index < families.size() && families[likely_index].shape->name == name) {
    return &families[likely_index];
  }
  const auto found =
      std::find_if(families.begin(), families.end(),
                   [&](const FamilyPoints& family) { return family.shape->name == name; });
  return found == families.end() ? nullptr : &*found;
}

}  // namespace

std::string_view Name(DropReason reason) {
  switch (reason) {
    case DropReason::kDuplicate: return "duplicate";
    case DropReason::kUtf8: return "utf8";
    case DropReason::kOverflow: return "overflow";
    case DropReason::kName: return "name";
    case DropReason::kStaleOrder: return "stale_order";
    case DropReason::kType: break;
  }
  return "type";
}

/// The points of one family while they come in.
///
/// As long as the series are those of the previous snapshot in the same order, it only follows
/// along (`following_`); at the first difference it copies what it has followed and goes on by
/// itself.
class MetricSink::Family {
 public:
  Family(const MetricDesc& metric, const Settings& settings, const FamilyPoints* previous)
      : valid_(HasValidNames(metric, settings.constant_labels)),
        seen_(0, SeriesHash{&own_}, SameSeries{&own_}) {
    own_.name = metric.name;
    own_.type = metric.type;
    own_.help = metric.help;
    own_.label_names.assign(metric.labels.begin(), metric.labels.end());
    own_.constant_labels = settings.constant_labels;
    own_.bounds.assign(metric.bounds.begin(), metric.bounds.end());
    if (previous == nullptr || !SameHead(*previous->shape)) return;
    previous_ = previous->shape;
    following_ = true;
    values.reserve(previous->values.size());
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  bool valid() const { return valid_; }
  bool has_points() const { return !values.empty(); }
  std::size_t label_count() const { return own_.label_names.size(); }

  /// Whether points of `metric`, another description of the same name, mean the same.
  bool Accepts(const MetricDesc& metric) const {
    return metric.type == own_.type &&
           std::equal(metric.labels.begin(), metric.labels.end(), own_.label_names.begin(),
                      own_.label_names.end()) &&
           std::equal(metric.bounds.begin(), metric.bounds.end(), own_.bounds.begin(),
                      own_.bounds.end());
  }

  /// Takes a series in, or says why not.
  std::optional<DropReason> Admit(LabelValues label_values, std::size_t max_series) {
    if (following_) {
      if (followed_ < previous_->series_count() && followed_ < max_series &&
          Encodes(previous_->series(followed_), label_values)) {
        ++followed_;
        return std::nullopt;
      }
      LeavePrevious();
    }
    return AdmitNew(label_values, max_series);
  }

  /// The finished shape: the previous one if nothing has changed. To be called once, at the end.
  std::shared_ptr<const FamilyShape> TakeShape() {
    if (following_ && followed_ == previous_->series_count()) return previous_;
    if (following_) LeavePrevious();
    if (previous_ != nullptr && own_ == *previous_) return previous_;
    return std::make_shared<const FamilyShape>(std::move(own_));
  }

  std::vector<double> values;

 private:
  // A set of series by their index, so that their labels are kept once.
  struct SeriesHash {
    const FamilyShape* shape;
    std::size_t operator()(std::uint32_t index) const {
      return std::hash<std::string_view>()(shape->series(index));
    }
  };
  struct SameSeries {
    const FamilyShape* shape;
    bool operator()(std::uint32_t a, std::uint32_t b) const {
      return shape->series(a) == shape->series(b);
    }
  };

  bool SameHead(const FamilyShape& other) const {
    return other.form == own_.form && other.type == own_.type && other.help == own_.help &&
           other.label_names == own_.label_names && other.bounds == own_.bounds &&
           other.constant_labels == own_.constant_labels;
  }

  void LeavePrevious() {
    following_ = false;
    if (followed_ == 0) return;
    const std::uint32_t end = previous_->series_ends[followed_ - 1];
    own_.label_values.assign(previous_->label_values, 0, end);
    own_.series_ends.assign(
        previous_->series_ends.begin(),
        previous_->series_ends.begin() + static_cast<std::ptrdiff_t>(followed_));
    seen_.reserve(followed_);
    for (std::uint32_t i = 0; i < followed_; ++i) seen_.insert(i);
  }

  std::optional<DropReason> AdmitNew(LabelValues label_values, std::size_t max_series) {
    if (!std::all_of(label_values.begin(), label_values.end(), IsUtf8)) return DropReason::kUtf8;
    const std::size_t begin = own_.label_values.size();
    for (const std::string_view value : label_values) {
      own_.label_values += value;
      own_.label_values += FamilyShape::kDelimiter;
    }
    const std::optional<DropReason> refused = AdmitLast(max_series);
    if (refused) own_.label_values.resize(begin);
    return refused;
  }

  /// Takes in the series whose labels end own_.label_values.
  std::optional<DropReason> AdmitLast(std::size_t max_series) {
    if (own_.label_values.size() > std::numeric_limits<std::uint32_t>::max()) {
      return DropReason::kOverflow;
    }
    const auto index = static_cast<std::uint32_t>(own_.series_ends.size());
    own_.series_ends.push_back(static_cast<std::uint32_t>(own_.label_values.size()));
    std::optional<DropReason> refused;
    if (index >= max_series) {
      refused = seen_.contains(index) ? DropReason::kDuplicate : DropReason::kOverflow;
    } else if (!seen_.insert(index).second) {
      refused = DropReason::kDuplicate;
    }
    if (refused) own_.series_ends.pop_back();
    return refused;
  }

  FamilyShape own_;
  const bool valid_;
  std::shared_ptr<const FamilyShape> previous_;
  bool following_ = false;
  std::size_t followed_ = 0;
  std::unordered_set<std::uint32_t, SeriesHash, SameSeries> seen_;
};

MetricSink::MetricSink(Settings settings, std::shared_ptr<const Snapshot> previous)
    : settings_(std::move(settings)), previous_(std::move(previous)) {}

MetricSink::~MetricSink() = default;

MetricSink::Family* MetricSink::FamilyOf(const MetricDesc& metric) {
  if (&metric == last_metric_) return last_family_;
  const auto [known, is_new] = by_address_.try_emplace(&metric, nullptr);
  if (is_new) {
    Family& family = FamilyNamed(metric);
    if (family.valid() && family.Accepts(metric)) known->second = &family;
  }
  last_metric_ = &metric;
  last_family_ = known->second;
  return last_family_;
}

MetricSink::Family& MetricSink::FamilyNamed(const MetricDesc& metric) {
  Family*& family = by_name_[metric.name];
  if (family == nullptr) {
    const FamilyPoints* const before =
        previous_ ? FindFamily(*previous_, metric.name, families_.size()) : nullptr;
    families_.push_back(std::make_unique<Family>(metric, settings_, before));
    family = families_.back().get();
  }
  return *family;
}

MetricSink::Family* MetricSink::Admit(const MetricDesc& metric, LabelValues label_values) {
  Family* const family = FamilyOf(metric);
  const std::optional<DropReason> refused =
      family == nullptr || label_values.size() != family->label_count()
          ? DropReason::kName
          : family->Admit(label_values, settings_.max_series);
  if (!refused) return family;
  ++dropped_[static_cast<std::size_t>(*refused)];
  return nullptr;
}

void MetricSink::Add(const MetricDesc& metric, LabelValues label_values, double value) {
  assert(metric.type != MetricType::kHistogram);
  if (Family* const family = Admit(metric, label_values)) family->values.push_back(value);
}

void MetricSink::AddHistogram(const MetricDesc& metric, LabelValues label_values,
                              const HistogramPoint& point) {
  assert(metric.type == MetricType::kHistogram && point.counts.size() == metric.bounds.size() + 1);
  Family* const family = Admit(metric, label_values);
  if (family == nullptr) return;
  std::uint64_t cumulative = 0;
  for (const std::uint64_t count : point.counts) {
    cumulative += count;
    family->values.push_back(static_cast<double>(cumulative));
  }
  family->values.push_back(point.sum);
}

bool MetricSink::HasPointsNamed(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found != by_name_.end() && found->second != nullptr && found->second->has_points();
}

std::shared_ptr<const Snapshot> MetricSink::Finish(TimePoint at) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->collected_at = at;
  const auto refused = [&](const FamilyPoints& family) {
    return family.shape->target_labels == TargetLabels::kTocsin &&
           HasPointsNamed(family.shape->name);
  };
  for (const FamilyPoints& family : passed_) {
    if (refused(family)) CountDropped(DropReason::kName, family.values.size());
  }
  std::erase_if(passed_, refused);
  for (const std::unique_ptr<Family>& family : families_) {
    if (!family->has_points()) continue;
    snapshot->families.push_back({family->TakeShape(), std::move(family->values)});
  }
  for (FamilyPoints& family : passed_) snapshot->families.push_back(std::move(family));
  passed_.clear();
  families_.clear();
  by_address_.clear();
  by_name_.clear();
  last_metric_ = nullptr;
  last_family_ = nullptr;
  return snapshot;
}

}  // namespace tocsin
