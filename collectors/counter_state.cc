#include "collectors/counter_state.h"

#include <cstdint>
#include <system_error>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "collectors/json_member.h"

namespace tocsin::collectors {
namespace {

constexpr std::int64_t kVersion = 1;

/// Fails with kNotFound if there is no `from`.
Status Move(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code problem;
  std::filesystem::rename(from, to, problem);
  if (!problem) return {};
  const bool is_missing = problem == std::errc::no_such_file_or_directory;
  return Error{is_missing ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
               fmt::format("renaming {} to {}: {}", from.string(), to.string(), problem.message())};
}

}  // namespace

Result<boost::json::object> CounterState::Load(std::string_view instance) {
  loaded_.reset();
  last_saved_.clear();
  owner_ = instance;
  Result<boost::json::object> parts =
      path_.empty() ? Result<boost::json::object>(boost::json::object()) : LoadFile(instance);
  if (parts) loaded_ = instance;
  return parts;
}

Result<boost::json::object> CounterState::LoadFile(std::string_view instance) {
  Result<std::string> text = ReadFile(path_);
  if (!text && text.error().code == ErrorCode::kNotFound) return TakeBack(instance);
  if (!text) return text.error().Within("reading the collector's state");

  boost::json::error_code problem;
  const boost::json::value value = boost::json::parse(*text, problem);
  const boost::json::value& parts = MemberIn(value, "parts");
  Status aside;
  if (problem || !value.is_object()) {
    aside = SetAsideCorrupt("it is not a JSON object");
  } else if (IntegerIn(value, "version") != kVersion || !parts.is_object()) {
    aside = SetAsideCorrupt("it has another version");
  } else if (const std::string owner = TextIn(value, "instance");
             !owner.empty() && !instance.empty() && owner != instance) {
    aside = SetAsideOther(owner);
  } else {
    if (instance.empty()) owner_ = owner;
    last_saved_ = std::move(*text);
    return parts.get_object();
  }
  if (!aside) return aside.error();
  return TakeBack(instance);
}

/// Loads what was set aside for `instance`, once nothing is at the file's own place.
Result<boost::json::object> CounterState::TakeBack(std::string_view instance) {
  if (Status moved = Move(PathOf(instance), path_); !moved) {
    if (moved.error().code == ErrorCode::kNotFound) return boost::json::object();
    return moved.error();
  }
  log_.Info("the state that was kept for this source is taken up again",
            {{"file", path_.string()}});
  return LoadFile(instance);
}

Status CounterState::Save(std::string_view instance, const boost::json::object& parts) {
  if (path_.empty()) return {};
  if (loaded_ != instance) {
    return Error{ErrorCode::kUnavailable, "what was saved before has not been read"};
  }
  const boost::json::object whole = {{"version", kVersion}, {"instance", owner_}, {"parts", parts}};
  std::string text = boost::json::serialize(whole);
  if (text == last_saved_) return {};
  if (Status written = ReplaceFile(path_, text); !written) {
    return written.error().Within("keeping the collector's state");
  }
  last_saved_ = std::move(text);
  return {};
}

bool CounterState::Adopt(std::string_view instance) {
  const bool is_its_own = owner_.empty() || owner_ == instance;
  if (loaded_ != "" || !is_its_own) return false;
  loaded_ = owner_ = instance;
  return true;
}

Status CounterState::SetAsideCorrupt(std::string_view why) {
  std::filesystem::path aside = path_;
  aside += ".corrupt";
  if (Status moved = Move(path_, aside); !moved) return moved;
  log_.Warn("the state of the collector is unusable, counting starts anew",
            {{"why", std::string(why)}, {"file", path_.string()}, {"kept_as", aside.string()}});
  return {};
}

Status CounterState::SetAsideOther(std::string_view other) {
  const std::filesystem::path aside = PathOf(other);
  if (Status moved = Move(path_, aside); !moved) return moved;
  log_.Warn("the state of the collector is that of another source, it is kept for that one",
            {{"file", path_.string()}, {"kept_as", aside.string()}});
  return {};
}

/// Where the state of an instance is kept while it is not the current one. An instance's name comes
/// from the database and could be anything, so only what is plain in a file name stays as it is.
std::filesystem::path CounterState::PathOf(std::string_view instance) const {
  std::string suffix = ".of-";
  for (const char c : instance) {
    const bool is_plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    suffix += is_plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  std::filesystem::path path = path_;
  path += suffix;
  return path;
}

}  // namespace tocsin::collectors
