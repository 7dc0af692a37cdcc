#include "exporter/metrics_page.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "collectors/registry.h"
#include "exporter/compression.h"
#include "exporter/exposition.h"

namespace tocsin {
namespace {

using Rendering = std::shared_ptr<const RenderedFamily>;

/// What one instance, or tocsin itself, contributes to the page.
struct Part {
  std::string name;
  std::string_view kind;
  std::vector<Rendering> families = {};
  TimePoint collected_at = {};
};

/// The rendering of a family of this shape, or null. Families keep their order, so the search
/// mostly ends where it begins, at `next`, which is left after what was found.
Rendering FindRendering(const std::vector<Rendering>& renderings, const FamilyShape* shape,
                        std::size_t& next) {
  for (std::size_t i = 0; i < renderings.size(); ++i) {
    const std::size_t at = (next + i) % renderings.size();
    if (renderings[at]->shape.get() != shape) continue;
    next = at + 1;
    return renderings[at];
  }
  return nullptr;
}

std::vector<Rendering> RenderAll(const Snapshot* snapshot, const Part* previous) {
  std::vector<Rendering> families;
  if (snapshot == nullptr) return families;
  std::size_t next = 0;
  for (const FamilyPoints& points : snapshot->families) {
    if (points.shape->audience == Audience::kStore) continue;
    families.push_back(RenderFamily(
        points, previous ? FindRendering(previous->families, points.shape.get(), next) : nullptr));
  }
  return families;
}

using Types = std::unordered_map<std::string_view, MetricType>;

/// The type of each family is that of the first of its name. What collectors declare goes before
/// what targets' pages say, wherever they stand.
Types TypesByName(const std::vector<const Part*>& parts) {
  Types types;
  for (const TargetLabels whose : {TargetLabels::kTocsin, TargetLabels::kIncluded}) {
    for (const Part* part : parts) {
      for (const Rendering& family : part->families) {
        const FamilyShape& shape = *family->shape;
        if (shape.target_labels == whose) types.emplace(shape.name, shape.type);
      }
    }
  }
  return types;
}

bool IsLeftOut(const FamilyShape& shape, const Types& types) {
  return types.at(shape.name) != shape.type;
}

/// Families of one name, from several instances, in their order. A family must stand in one piece,
/// and have one type; whichever contradicts that is left out.
std::vector<std::vector<Rendering>> GroupByName(const std::vector<const Part*>& parts) {
  const Types types = TypesByName(parts);
  std::vector<std::vector<Rendering>> groups;
  std::unordered_map<std::string_view, std::size_t> index;
  for (const Part* part : parts) {
    for (const Rendering& family : part->families) {
      const FamilyShape& shape = *family->shape;
      if (IsLeftOut(shape, types)) continue;
      const auto [found, added] = index.emplace(shape.name, groups.size());
      if (added) groups.emplace_back();
      groups[found->second].push_back(family);
    }
  }
  return groups;
}

/// The most pieces of a page that are shared rather than copied: libmicrohttpd needs memory of
/// the connection for each.
constexpr std::size_t kMostShared = 32;
/// What is smaller than this is cheaper to copy once than to send as a piece of its own each time.
constexpr std::size_t kLeastShared = std::size_t{16} << 10;

/// Text in pieces, of which the large ones are shared and the small ones copied together.
class Pieces {
 public:
  /// `total`: about how large all of it will be.
  explicit Pieces(std::size_t total) : least_shared_(std::max(total / kMostShared, kLeastShared)) {}

  void Copy(std::string_view text) { copied_ += text; }

  void Add(const SharedText& text) {
    if (text->size() < least_shared_) return Copy(*text);
    Flush();
    pieces_.push_back(text);
  }

  std::vector<SharedText> Take() {
    Flush();
    return std::move(pieces_);
  }

 private:
  void Flush() {
    if (copied_.empty()) return;
    pieces_.push_back(std::make_shared<const std::string>(std::move(copied_)));
    copied_ = std::string();
  }

  const std::size_t least_shared_;
  std::vector<SharedText> pieces_;
  std::string copied_;
};

/// The page of `parts`, in pieces.
std::vector<SharedText> Assemble(ExpositionFormat format, const std::vector<const Part*>& parts) {
  std::size_t total = 0;
  for (const Part* part : parts) {
    for (const Rendering& family : part->families) total += family->text.size();
  }
  Pieces page(total);
  for (const std::vector<Rendering>& group : GroupByName(parts)) {
    page.Copy(FamilyHeader(format, *group.front()->shape));
    for (const Rendering& family : group) page.Add(SharedText(family, &family->text));
  }
  page.Copy(PageEnd(format));
  return page.Take();
}

std::vector<SharedText> OnePiece(std::string text) {
  return {std::make_shared<const std::string>(std::move(text))};
}

bool Named(const Part& part, const std::vector<std::string_view>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return name == part.name || name == part.kind; });
}

std::string ListNames(const std::vector<Part>& parts) {
  std::vector<std::string_view> names;
  for (const Part& part : parts) {
    for (const std::string_view name : {std::string_view(part.name), part.kind}) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::string list;
  for (const std::string_view name : names) {
    list.append(list.empty() ? "" : ", ").append(name);
  }
  return list;
}

}  // namespace

/// The page of one generation: its parts, and the forms of it that were asked for so far.
class MetricsPage::Generation {
 public:
  Generation(std::uint64_t number, const Views& views, const std::shared_ptr<const Snapshot>& own,
             const Generation* previous)
      : number_(number) {
    for (const auto& view : views) {
      const collectors::InstanceConfig& config = *view->config;
      Part part{config.name, config.kind != nullptr ? config.kind->name : std::string_view()};
      part.families = RenderAll(view->snapshot.get(), Find(previous, part.name));
      if (view->snapshot) part.collected_at = view->snapshot->collected_at;
      parts_.push_back(std::move(part));
    }
    Part part{std::string(kOwn), kOwn};
    part.families = RenderAll(own.get(), Find(previous, part.name));
    parts_.push_back(std::move(part));
  }

  /// Tells `left_out` of the points that no page of all parts shows. `views` are those that this
  /// was made of; collections that `previous` had, too, were told of before.
  void TellLeftOut(
      const Views& views, const Generation* previous,
      const std::function<void(const collectors::InstanceConfig&, std::uint64_t)>& left_out) const {
    const Types types = TypesByName(AllParts());
    for (std::size_t i = 0; i < views.size(); ++i) {
      const Part* const before = Find(previous, parts_[i].name);
      if (before != nullptr && before->collected_at == parts_[i].collected_at) continue;
      std::uint64_t points = 0;
      for (const Rendering& family : parts_[i].families) {
        if (IsLeftOut(*family->shape, types)) points += family->shape->series_count();
      }
      if (points > 0) left_out(*views[i]->config, points);
    }
  }

  std::uint64_t number() const { return number_; }
  const std::vector<Part>& parts() const { return parts_; }

  /// The whole page. The first to ask for a form makes it.
  std::vector<SharedText> Whole(ExpositionFormat format, ContentEncoding encoding) {
    Form& form = forms_[static_cast<std::size_t>(format)][static_cast<std::size_t>(encoding)];
    const MutexLock lock(form.mutex);
    if (!form.made) {
      form.pieces = encoding == ContentEncoding::kIdentity
                        ? Assemble(format, AllParts())
                        : OnePiece(Compress(Whole(format, ContentEncoding::kIdentity), encoding));
      form.made = true;
    }
    return form.pieces;
  }

 private:
  struct Form {
    Mutex mutex;
    bool made TOCSIN_GUARDED_BY(mutex) = false;
    std::vector<SharedText> pieces TOCSIN_GUARDED_BY(mutex);
  };

  static const Part* Find(const Generation* generation, std::string_view name) {
    if (generation == nullptr) return nullptr;
    const auto found = std::find_if(generation->parts_.begin(), generation->parts_.end(),
                                    [&](const Part& part) { return part.name == name; });
    return found == generation->parts_.end() ? nullptr : &*found;
  }

  std::vector<const Part*> AllParts() const {
    std::vector<const Part*> all;
    for (const Part& part : parts_) all.push_back(&part);
    return all;
  }

  const std::uint64_t number_;
  std::vector<Part> parts_;
  std::array<std::array<Form, 3>, 2> forms_;
};

MetricsPage::MetricsPage(Source source) : source_(std::move(source)) {}

MetricsPage::~MetricsPage() = default;

std::shared_ptr<MetricsPage::Generation> MetricsPage::Current() {
  const MutexLock lock(mutex_);
  // Read before the views: if they change in between, the next scrape makes the page once more.
  const std::uint64_t number = source_.generation();
  if (current_ == nullptr || current_->number() != number) {
    const Views views = source_.views();
    auto made = std::make_shared<Generation>(number, views, source_.own(), current_.get());
    if (source_.left_out) made->TellLeftOut(views, current_.get(), source_.left_out);
    current_ = std::move(made);
  }
  return current_;
}

HttpResponse MetricsPage::Answer(const HttpRequest& request) {
  const std::vector<std::string_view> collect = request.Query("collect[]");
  const std::vector<std::string_view> exclude = request.Query("exclude[]");
  if (!collect.empty() && !exclude.empty()) {
    return HttpResponse::Text(400, "collect[] and exclude[] cannot be combined\n");
  }
  const std::shared_ptr<Generation> page = Current();
  const NegotiatedFormat format = NegotiateFormat(request.Header("Accept"));
  const ContentEncoding encoding = NegotiateEncoding(request.Header("Accept-Encoding"));

  HttpResponse response;
  response.content_type = format.content_type;
  response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  if (encoding != ContentEncoding::kIdentity) {
    response.headers.emplace_back("Content-Encoding", Name(encoding));
  }
  const std::vector<std::string_view>& names = collect.empty() ? exclude : collect;
  if (names.empty()) {
    response.more_body = page->Whole(format.format, encoding);
    return response;
  }
  for (const std::string_view name : names) {
    const auto has_name = [&](const Part& part) { return Named(part, {name}); };
    if (std::none_of(page->parts().begin(), page->parts().end(), has_name)) {
      return HttpResponse::Text(400, "there is no collector '" + std::string(name) + "', only " +
                                         ListNames(page->parts()) + "\n");
    }
  }
  std::vector<const Part*> chosen;
  for (const Part& part : page->parts()) {
    if (Named(part, names) != collect.empty()) chosen.push_back(&part);
  }
  response.more_body = Assemble(format.format, chosen);
  if (encoding != ContentEncoding::kIdentity) {
    response.more_body = OnePiece(Compress(response.more_body, encoding));
  }
  return response;
}

}  // namespace tocsin
