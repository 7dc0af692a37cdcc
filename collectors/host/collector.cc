#include "collectors/host/collector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "collectors/host/parts.h"

namespace tocsin::collectors::host {
namespace {

/// Those that may have to wait come last, so that the others are read whatever becomes of them.
constexpr std::array kParts = {
    StatPart,    LoadPart,     MemoryPart, VmstatPart,   DiskPart,   NetworkPart,  LinksPart,
    NetstatPart, SockstatPart, FilesPart,  PressurePart, SystemPart, TextfilePart, FilesystemPart,
};

/// These work where nothing can be read: the one needs no file, and to the other none is as good.
constexpr std::array<std::string_view, 2> kProveNothing = {"system", "pressure"};

bool ProvesNothing(std::string_view name) {
  return std::find(kProveNothing.begin(), kProveNothing.end(), name) != kProveNothing.end();
}

bool IsWanted(const Settings& settings, std::string_view name) {
  return settings.parts.empty() ||
         std::find(settings.parts.begin(), settings.parts.end(), name) != settings.parts.end();
}

}  // namespace

std::span<const PartKind> Parts() {
  static const std::vector<PartKind> kAll = [] {
    std::vector<PartKind> all;
    all.reserve(kParts.size());
    for (const auto part : kParts) all.push_back(part());
    return all;
  }();
  return kAll;
}

std::span<const MetricDesc> Metrics() {
  static const std::vector<MetricDesc> kAll = [] {
    std::vector<MetricDesc> all;
    for (const PartKind& kind : Parts()) {
      all.insert(all.end(), kind.metrics.begin(), kind.metrics.end());
    }
    return all;
  }();
  return kAll;
}

HostCollector::HostCollector(const Settings& settings, const Environment& environment) {
  for (const PartKind& kind : Parts()) {
    if (!IsWanted(settings, kind.name)) continue;
    std::unique_ptr<Part> part = kind.make(settings, environment.clock);
    if (part != nullptr) members_.push_back({kind.name, std::move(part)});
  }
}

Status HostCollector::Collect(const Attempt& attempt, Collection& collection) {
  bool answered = false;
  std::optional<Error> first;
  for (const Member& member : members_) {
    Status read = member.part->Read(attempt, collection.points);
    if (read) {
      answered = answered || !ProvesNothing(member.name);
      continue;
    }
    answered = answered || member.part->HasReadSome();
    if (!first) first = read.error().Within(member.name);
    collection.parts.push_back({std::string(member.name), std::move(read)});
  }
  if (first && !answered) return *first;
  return {};
}

}  // namespace tocsin::collectors::host
