#include "collectors/state_log.h"

#include <utility>

#include "base/duration.h"
#include "collectors/collector.h"

namespace tocsin::collectors {
namespace {

/// "duplicate=3,overflow=4000": what `now` counts beyond `before`; empty if nothing.
std::string Describe(const DropCounts& now, const DropCounts& before) {
  std::string text;
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    if (now[i] == before[i]) continue;
    if (!text.empty()) text += ',';
    text +=
        std::string(Name(static_cast<DropReason>(i))) + '=' + std::to_string(now[i] - before[i]);
  }
  return text;
}

}  // namespace

StateLog::StateLog(const Log& log, std::string kind, std::string name)
    : log_(log), kind_(std::move(kind)), name_(std::move(name)) {}

void StateLog::Succeeded(SteadyPoint now) {
  if (down_since_) {
    log_.Info(
        "collector up again",
        {{"collector", kind_}, {"name", name_}, {"down_for", FormatDuration(now - *down_since_)}});
  } else if (!ever_up_) {
    log_.Info("collector up", {{"collector", kind_}, {"name", name_}});
  }
  ever_up_ = true;
  down_since_.reset();
}

void StateLog::Failed(const Error& error, SteadyPoint now) {
  const std::string reason(ReasonOf(error.code));
  if (!down_since_) {
    down_since_ = now;
    log_.Warn(
        "collector down",
        {{"collector", kind_}, {"name", name_}, {"reason", reason}, {"error", error.message}});
  } else if (now - last_down_line_ >= kReminder) {
    log_.Warn("collector still down", {{"collector", kind_},
                                       {"name", name_},
                                       {"reason", reason},
                                       {"error", error.message},
                                       {"down_for", FormatDuration(now - *down_since_)}});
  } else {
    return;
  }
  last_down_line_ = now;
}

void StateLog::WentStale() const {
  log_.Warn("series removed: they are too old", {{"collector", kind_}, {"name", name_}});
}

void StateLog::PartLost(std::string_view what, const std::string& part, const Error& error) const {
  log_.Warn("collector lost a part", {{"collector", kind_},
                                      {"name", name_},
                                      {what, part},
                                      {"reason", std::string(ReasonOf(error.code))},
                                      {"error", error.message}});
}

void StateLog::PartBack(std::string_view what, const std::string& part) const {
  log_.Info("collector has a part back", {{"collector", kind_}, {"name", name_}, {what, part}});
}

void StateLog::Dropped(const DropCounts& dropped, SteadyPoint now) {
  if (last_drop_line_ && now - *last_drop_line_ < kReminder) return;
  std::string what = Describe(dropped, drops_told_);
  if (what.empty()) return;
  log_.Warn("points dropped", {{"collector", kind_}, {"name", name_}, {"points", std::move(what)}});
  drops_told_ = dropped;
  last_drop_line_ = now;
}

}  // namespace tocsin::collectors
