#include "collectors/host_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace tocsin::collectors {
namespace {

bool IsNumeric(const std::string& host) {
  in6_addr address = {};  // Room for either kind.
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::string WhyNot(int outcome) {
  return outcome == EAI_SYSTEM ? std::system_category().message(errno) : ::gai_strerror(outcome);
}

Result<std::vector<std::string>> LookUp(const std::string& host) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* raw = nullptr;
  const int outcome = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  if (outcome != 0) return Error{ErrorCode::kUnavailable, WhyNot(outcome)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text = {};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
      continue;
    }
    std::string address = text.data();
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(std::move(address));
    }
  }
  if (addresses.empty()) return Error{ErrorCode::kUnavailable, "the name has no address"};
  return addresses;
}

}  // namespace

Result<std::vector<std::string>> HostLookup::Addresses(const Attempt& attempt) {
  if (IsNumeric(host_)) return std::vector{host_};
  if (!pending_) {
    Result<BackgroundCall<Answer>> started =
        BackgroundCall<Answer>::Start([host = host_] { return LookUp(host); });
    if (!started) return started.error();
    pending_ = std::move(*started);
  }
  const std::string doing = "looking up \"" + host_ + "\"";
  const Answer* const found = pending_->Wait(attempt);
  if (found == nullptr) return Error{ErrorCode::kTimeout, doing + ": no answer in time"};
  Answer answer = *found;
  pending_.reset();
  if (!answer) return answer.error().Within(doing);
  return answer;
}

}  // namespace tocsin::collectors
