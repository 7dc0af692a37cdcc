#include "collectors/atlas/nginx_logs.h"

#include <algorithm>

#include "collectors/json_member.h"

namespace tocsin::collectors::atlas {
namespace {

std::optional<LogPosition> SavedPosition(const boost::json::value& saved) {
  const auto device = IntegerIn(saved, "device");
  const auto inode = IntegerIn(saved, "inode");
  const auto offset = IntegerIn(saved, "offset");
  if (!device || !inode || !offset || *offset < 0) return std::nullopt;
  return LogPosition{static_cast<std::uint64_t>(*device), static_cast<std::uint64_t>(*inode),
                     *offset};
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<std::string_view> StatusOfAccess(std::string_view line) {
  // nginx escapes quotes in what clients send, and the moment in brackets holds none.
  const std::size_t request = line.find("] \"");
  if (request == std::string_view::npos) return std::nullopt;
  const std::size_t end = line.find("\" ", request + 3);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(end + 2);
  const std::string_view status = rest.substr(0, rest.find(' '));
  if (status.size() != 3 || !std::all_of(status.begin(), status.end(), IsDigit)) {
    return std::nullopt;
  }
  return status;
}

std::optional<std::string_view> RefusingZone(std::string_view line) {
  constexpr std::string_view kRefused = " limiting requests, excess: ";
  constexpr std::string_view kZone = " by zone \"";
  const std::size_t refused = line.find(kRefused);
  if (refused == std::string_view::npos) return std::nullopt;
  const std::size_t zone = line.find(kZone, refused);
  // What a client has sent stands behind this.
  if (zone == std::string_view::npos || zone > line.find(", client: ")) return std::nullopt;
  const std::size_t begin = zone + kZone.size();
  const std::size_t end = line.find('"', begin);
  if (end == std::string_view::npos || end == begin) return std::nullopt;
  return line.substr(begin, end - begin);
}

LogCounts::LogCounts(const std::filesystem::path& path, KeyOf key_of,
                     const boost::json::value& saved)
    : key_of_(key_of), tail_(path, SavedPosition(saved)) {
  const auto* const counts = MemberIn(saved, "counts").if_object();
  if (counts == nullptr) return;
  for (const auto& entry : *counts) {
    const auto* const count = entry.value().if_int64();
    if (count != nullptr && *count >= 0) {
      counts_.emplace(entry.key(), static_cast<std::uint64_t>(*count));
    }
  }
}

Status LogCounts::Read(const Attempt& attempt) {
  lines_ = 0;
  counted_ = 0;
  return tail_.Read(
      [this](std::string_view line) {
        ++lines_;
        const std::optional<std::string_view> key = key_of_(line);
        if (!key) return;
        ++counted_;
        if (const auto found = counts_.find(*key); found != counts_.end()) {
          ++found->second;
        } else if (counts_.size() < kMostKeys) {
          counts_.emplace(*key, 1);
        }
      },
      attempt);
}

boost::json::object LogCounts::Save() const {
  boost::json::object counts;
  for (const auto& [key, count] : counts_) counts[key] = count;
  boost::json::object state = {{"counts", std::move(counts)}};
  if (const auto& position = tail_.position()) {
    state["device"] = position->device;
    state["inode"] = position->inode;
    state["offset"] = position->offset;
  }
  return state;
}

}  // namespace tocsin::collectors::atlas
