#include "collectors/dagster/state.h"

#include <system_error>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/file.h"

namespace tocsin::collectors::dagster {
namespace {

constexpr std::int64_t kVersion = 1;

const boost::json::value* Member(const boost::json::value& value, std::string_view key) {
  const boost::json::object* const object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

}  // namespace

boost::json::object StateFile::Load(std::string_view instance) {
  if (path_.empty()) return {};
  const Result<std::string> text = ReadFile(path_);
  if (!text) {
    if (text.error().code != ErrorCode::kNotFound) {
      log_.Warn("cannot read the state of the collector, counting starts anew",
                {{"error", text.error().message}});
    }
    return {};
  }
  boost::json::error_code problem;
  const boost::json::value value = boost::json::parse(*text, problem);
  if (problem || !value.is_object()) {
    SetAside("it is not a JSON object");
    return {};
  }
  const boost::json::value* const parts = Member(value, "parts");
  if (IntegerIn(value, "version") != kVersion || parts == nullptr || !parts->is_object()) {
    SetAside("it has another version");
    return {};
  }
  if (TextIn(value, "instance") != instance) {
    log_.Warn("the state of the collector is that of another Dagster, counting starts anew",
              {{"file", path_.string()}});
    return {};
  }
  last_saved_ = *text;
  return parts->get_object();
}

Status StateFile::Save(std::string_view instance, const boost::json::object& parts) {
  if (path_.empty()) return {};
  const boost::json::object whole = {
      {"version", kVersion}, {"instance", instance}, {"parts", parts}};
  std::string text = boost::json::serialize(whole);
  if (text == last_saved_) return {};
  if (Status written = ReplaceFile(path_, text); !written) {
    return written.error().Within("keeping the collector's state");
  }
  last_saved_ = std::move(text);
  return {};
}

void StateFile::SetAside(std::string_view why) {
  std::filesystem::path aside = path_;
  aside += ".corrupt";
  std::error_code problem;
  std::filesystem::rename(path_, aside, problem);
  log_.Warn("the state of the collector is unusable, counting starts anew",
            {{"why", std::string(why)},
             {"file", path_.string()},
             {"kept_as", problem ? std::string("nothing: ") + problem.message() : aside.string()}});
}

std::uint64_t CountIn(const boost::json::value& value, std::string_view key) {
  const std::optional<std::int64_t> number = IntegerIn(value, key);
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::optional<std::int64_t> IntegerIn(const boost::json::value& value, std::string_view key) {
  const boost::json::value* const member = Member(value, key);
  if (member == nullptr || !member->is_number()) return std::nullopt;
  boost::json::error_code inexact;
  const auto number = member->to_number<std::int64_t>(inexact);
  if (inexact) return std::nullopt;
  return number;
}

std::string TextIn(const boost::json::value& value, std::string_view key) {
  const boost::json::value* const member = Member(value, key);
  if (member == nullptr || !member->is_string()) return "";
  return std::string(std::string_view(member->get_string()));
}

boost::json::array ArrayIn(const boost::json::value& value, std::string_view key) {
  const boost::json::value* const member = Member(value, key);
  return member != nullptr && member->is_array() ? member->get_array() : boost::json::array();
}

}  // namespace tocsin::collectors::dagster
