#include "collectors/discovery/discovery.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/quote.h"
#include "collectors/discovery/options.h"
#include "collectors/discovery/target_group.h"
#include "collectors/discovery/target_source.h"
#include "collectors/url_text.h"

namespace tocsin::collectors {
namespace {

constexpr std::string_view kMetaPrefix = "__meta_";
constexpr std::string_view kParamPrefix = "__param_";

/// All entries of one list of the configuration.
struct Kind {
  std::string name;
  std::vector<std::unique_ptr<TargetSource>> sources = {};
};

Labels WithoutMeta(const Labels& target) {
  LabelsBuilder kept;
  for (const Label& label : target) {
    if (!label.name.text().starts_with(kMetaPrefix)) kept.Set(label.name, label.value);
  }
  return kept.Build();
}

class AllSources final : public Discovery {
 public:
  AllSources(std::shared_ptr<const DiscoveryOptions> options, std::vector<Kind> kinds)
      : options_(std::move(options)), kinds_(std::move(kinds)) {}

  std::vector<Labels> Find(const Attempt& attempt, std::vector<SourceReport>& reports) override;

 private:
  std::uint64_t Changes() const;
  void Rebuild();

  const std::shared_ptr<const DiscoveryOptions> options_;
  const std::vector<Kind> kinds_;
  // The targets, made when the sources' changes were last counted.
  std::optional<std::uint64_t> made_at_;
  std::vector<Labels> targets_;
  Status made_;
};

std::vector<Labels> AllSources::Find(const Attempt& attempt, std::vector<SourceReport>& reports) {
  if (options_->has_static) reports.push_back({"static", {}});
  for (const Kind& kind : kinds_) {
    for (const std::unique_ptr<TargetSource>& source : kind.sources) source->Begin(attempt);
  }
  for (const Kind& kind : kinds_) {
    for (std::size_t i = 0; i < kind.sources.size(); ++i) {
      std::string name =
          kind.sources.size() == 1 ? kind.name : fmt::format("{} {}", kind.name, i + 1);
      reports.push_back({std::move(name), kind.sources[i]->Refresh(attempt)});
    }
  }
  if (made_at_ != Changes()) Rebuild();
  if (!made_) reports.push_back({"relabel_configs", made_});
  return targets_;
}

/// Each source only counts up, so an equal sum means that none has changed.
std::uint64_t AllSources::Changes() const {
  std::uint64_t changes = 0;
  for (const Kind& kind : kinds_) {
    for (const std::unique_ptr<TargetSource>& source : kind.sources) changes += source->changes();
  }
  return changes;
}

void AllSources::Rebuild() {
  made_at_ = Changes();
  std::vector<Labels> found = options_->static_targets;
  for (const Kind& kind : kinds_) {
    for (const std::unique_ptr<TargetSource>& source : kind.sources) source->AppendTargets(found);
  }
  // What sources add does not come in an order that lasts, and of equals the first is kept.
  std::sort(found.begin(), found.end());
  targets_.clear();
  made_ = {};
  std::unordered_set<Labels> known;
  for (const Labels& each : found) {
    std::optional<Labels> target = Relabel(each, options_->relabel_rules);
    if (!target || target->empty()) continue;
    const std::string_view address = target->Get(kAddressLabel);
    if (!IsTargetAddress(address)) {
      made_ = Error{ErrorCode::kInvalidInput,
                    fmt::format("expected addresses such as db.internal:9100, got {} of the target "
                                "at first called {}",
                                Quoted(address), Quoted(each.Get(kAddressLabel)))};
    } else if (known.insert(WithoutMeta(*target)).second) {
      targets_.push_back(std::move(*target));
    }
  }
  std::sort(targets_.begin(), targets_.end());
}

template <class Source, class Options, class... Others>
void AddKind(std::vector<Kind>& kinds, std::string name, const std::vector<Options>& options,
             const Others&... others) {
  if (options.empty()) return;
  Kind& kind = kinds.emplace_back(Kind{std::move(name)});
  for (const Options& each : options) {
    kind.sources.push_back(std::make_unique<Source>(each, others...));
  }
}

}  // namespace

std::unique_ptr<Discovery> MakeDiscovery(std::shared_ptr<const DiscoveryOptions> options,
                                         const Environment& environment,
                                         const DiscoveryWorld& world) {
  const Clock& clock = environment.clock;
  std::vector<Kind> kinds;
  AddKind<FileTargets>(kinds, "file", options->files, clock);
  AddKind<DnsTargets>(kinds, "dns", options->dns, world.dns, clock);
  AddKind<KubernetesTargets>(kinds, "kubernetes", options->kubernetes, world.api_server, clock);
  return std::make_unique<AllSources>(std::move(options), std::move(kinds));
}

std::string TargetUrl(const Labels& target) {
  const auto get = [&](std::string_view name, std::string_view otherwise) {
    return target.Has(name) ? target.Get(name) : otherwise;
  };
  const std::string_view path = get("__metrics_path__", "/metrics");
  std::string url = fmt::format("{}://{}{}{}", get("__scheme__", "http"), target.Get(kAddressLabel),
                                path.starts_with('/') ? "" : "/", path);
  char joint = '?';
  for (const Label& label : target) {
    const std::string_view name = label.name.text();
    if (!name.starts_with(kParamPrefix)) continue;
    url += fmt::format("{}{}={}", joint, UrlEscaped(name.substr(kParamPrefix.size())),
                       UrlEscaped(label.value.text()));
    joint = '&';
  }
  return url;
}

}  // namespace tocsin::collectors
