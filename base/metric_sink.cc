#include "base/metric_sink.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/utf8.h"

namespace tocsin {
namespace {

using LabelValues = std::span<const std::string_view>;

/// Whether `encoded` (see FamilyShape::label_values) holds exactly these values.
bool Encodes(std::string_view encoded, LabelValues values) {
  const char* at = encoded.data();
  std::size_t left = encoded.size();
  for (const std::string_view value : values) {
    if (left <= value.size() || at[value.size()] != FamilyShape::kDelimiter ||
        std::memcmp(at, value.data(), value.size()) != 0) {
      return false;
    }
    at += value.size() + 1;
    left -= value.size() + 1;
  }
  return left == 0;
}

bool HasValidNames(const MetricDesc& metric) {
  return IsMetricName(metric.name) &&
         std::all_of(metric.labels.begin(), metric.labels.end(), IsLabelName);
}

}  // namespace

std::string_view Name(DropReason reason) {
  switch (reason) {
    case DropReason::kDuplicate: return "duplicate";
    case DropReason::kUtf8: return "utf8";
    case DropReason::kOverflow: return "overflow";
    case DropReason::kName: return "name";
    case DropReason::kStaleOrder: break;
  }
  return "stale_order";
}

/// The points of one family while they come in.
///
/// As long as the series are those of the previous snapshot in the same order, it only follows
/// along (`following_`); at the first difference it copies what it has followed and goes on by itself.
class MetricSink::Family {
 public:
  Family(const MetricDesc& metric, const Settings& settings, const FamilyShape* same_name) {
    own_.name = metric.name;
    own_.type = metric.type;
    own_.help = metric.help;
    own_.label_names.assign(metric.labels.begin(), metric.labels.end());
    own_.constant_labels = settings.constant_labels;
    own_.bounds.assign(metric.bounds.begin(), metric.bounds.end());
    valid_ = HasValidNames(metric);
    followable_ = same_name != nullptr && SameHead(*same_name);
    following_ = followable_;
  }

  void Follow(std::shared_ptr<const FamilyShape> previous, std::size_t value_count) {
    previous_ = std::move(previous);
    values.reserve(value_count);
  }

  bool valid() const { return valid_; }
  bool followable() const { return followable_; }
  std::size_t label_count() const { return own_.label_names.size(); }
  MetricType type() const { return own_.type; }
  std::size_t bound_count() const { return own_.bounds.size(); }

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

  /// The finished shape: the previous one if nothing has changed.
  std::shared_ptr<const FamilyShape> Shape() {
    if (following_ && followed_ == previous_->series_count()) return previous_;
    if (following_) LeavePrevious();
    if (previous_ != nullptr && own_ == *previous_) return previous_;
    return std::make_shared<const FamilyShape>(std::move(own_));
  }

  std::vector<double> values;

 private:
  bool SameHead(const FamilyShape& other) const {
    return other.type == own_.type && other.help == own_.help &&
           other.label_names == own_.label_names && other.bounds == own_.bounds &&
           other.constant_labels == own_.constant_labels;
  }

  void LeavePrevious() {
    following_ = false;
    if (followed_ == 0) return;
    const std::uint32_t end = previous_->series_ends[followed_ - 1];
    own_.label_values.assign(previous_->label_values, 0, end);
    own_.series_ends.assign(previous_->series_ends.begin(),
                            previous_->series_ends.begin() + static_cast<std::ptrdiff_t>(followed_));
    for (std::size_t i = 0; i < followed_; ++i) seen_.emplace(own_.series(i));
  }

  std::optional<DropReason> AdmitNew(LabelValues label_values, std::size_t max_series) {
    if (!std::all_of(label_values.begin(), label_values.end(), IsUtf8)) return DropReason::kUtf8;
    std::string encoded;
    for (const std::string_view value : label_values) {
      encoded += value;
      encoded += FamilyShape::kDelimiter;
    }
    if (seen_.contains(encoded)) return DropReason::kDuplicate;
    constexpr std::size_t kMostBytes = std::numeric_limits<std::uint32_t>::max();
    if (seen_.size() >= max_series || own_.label_values.size() + encoded.size() > kMostBytes) {
      return DropReason::kOverflow;
    }
    own_.label_values += encoded;
    own_.series_ends.push_back(static_cast<std::uint32_t>(own_.label_values.size()));
    seen_.insert(std::move(encoded));
    return std::nullopt;
  }

  FamilyShape own_;
  bool valid_ = false;
  bool followable_ = false;
  bool following_ = false;
  std::shared_ptr<const FamilyShape> previous_;
  std::size_t followed_ = 0;
  std::unordered_set<std::string> seen_;
};

MetricSink::MetricSink(Settings settings, std::shared_ptr<const Snapshot> previous)
    : settings_(std::move(settings)), previous_(std::move(previous)) {}

MetricSink::~MetricSink() = default;

MetricSink::Family& MetricSink::FamilyOf(const MetricDesc& metric) {
  if (&metric == last_metric_) return *last_family_;
  const auto known = by_address_.find(&metric);
  Family* family = known != by_address_.end() ? known->second : nullptr;
  if (family == nullptr) {
    if (const auto named = by_name_.find(metric.name); named != by_name_.end()) {
      family = named->second;
    } else {
      const FamilyPoints* before = nullptr;
      if (previous_ != nullptr) {
        for (const FamilyPoints& candidate : previous_->families) {
          if (candidate.shape->name == metric.name) before = &candidate;
        }
      }
      families_.push_back(
          std::make_unique<Family>(metric, settings_, before ? before->shape.get() : nullptr));
      family = families_.back().get();
      if (family->followable()) family->Follow(before->shape, before->values.size());
      by_name_.emplace(metric.name, family);
    }
    by_address_.emplace(&metric, family);
  }
  last_metric_ = &metric;
  last_family_ = family;
  return *family;
}

MetricSink::Family* MetricSink::Admit(const MetricDesc& metric, LabelValues label_values) {
  Family& family = FamilyOf(metric);
  const std::optional<DropReason> refused =
      !family.valid() || label_values.size() != family.label_count() || family.type() != metric.type
          ? DropReason::kName
          : family.Admit(label_values, settings_.max_series);
  if (refused) {
    ++dropped_[static_cast<std::size_t>(*refused)];
    return nullptr;
  }
  return &family;
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

std::shared_ptr<const Snapshot> MetricSink::Finish(TimePoint at) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->collected_at = at;
  for (const std::unique_ptr<Family>& family : families_) {
    if (family->values.empty()) continue;
    snapshot->families.push_back({family->Shape(), std::move(family->values)});
  }
  families_.clear();
  by_address_.clear();
  by_name_.clear();
  last_metric_ = nullptr;
  last_family_ = nullptr;
  return snapshot;
}

}  // namespace tocsin
