// An API server that exists in the test only.

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "collectors/kubernetes/api_server.h"

namespace tocsin::collectors::kubernetes {

/// An answer that is as it should be.
inline HttpAnswer Answer(std::string body) {
  return {200, {{"Date", "Sun, 22 Nov 2020 10:00:00 GMT"}}, std::move(body)};
}

/// A refusal, as Kubernetes sends it.
inline HttpAnswer Refusal(int status, std::string_view message = "",
                          std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {status, std::move(headers),
          fmt::format(R"({{"kind":"Status","status":"Failure","message":"{}","code":{}}})", message,
                      status)};
}

/// A list, or a page of one if there is a token to go on with.
inline std::string ListOf(const std::vector<std::string>& objects, std::string_view version,
                          std::string_view more = "") {
  return fmt::format(R"({{"metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
                     version, more, fmt::join(objects, ","));
}

/// A line of a watch.
inline std::string Event(std::string_view type, std::string object) {
  std::erase(object, '\n');
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}

inline std::string Bookmark(std::string_view version) {
  return Event("BOOKMARK", fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}}}})", version));
}

/// An object of which only the name counts.
inline std::string Named(std::string_view name, std::string_view version = "1") {
  return fmt::format(R"({{"metadata":{{"namespace":"ns","name":"{}","resourceVersion":"{}"}}}})",
                     name, version);
}

/// Gives the answers that a test made ready, for each path (without the query) in their order, and
/// after them an empty watch. Notes what was asked. Shared with the collector that owns the server.
class FakeApi {
 public:
  using Script = std::deque<Result<HttpAnswer>>;

  std::unique_ptr<ApiServer> server() { return std::make_unique<Server>(shared_); }

  void Say(const std::string& path, Result<HttpAnswer> answer) {
    shared_->scripts[path].push_back(std::move(answer));
  }
  void SayEverywhere(std::function<Result<HttpAnswer>(const std::string&)> handler) {
    shared_->handler = std::move(handler);
  }

  /// What was asked since the last call, in that order.
  std::vector<std::string> TakeAsked() { return std::exchange(shared_->asked, {}); }

 private:
  struct Shared {
    std::map<std::string, Script> scripts;
    std::function<Result<HttpAnswer>(const std::string&)> handler;
    std::vector<std::string> asked;
  };

  class Server final : public ApiServer {
   public:
    explicit Server(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    std::vector<Result<HttpAnswer>> GetAll(std::span<const std::string> paths,
                                           const Attempt& /*attempt*/) override {
      std::vector<Result<HttpAnswer>> answers;
      for (const std::string& path : paths) {
        shared_->asked.push_back(path);
        answers.push_back(AnswerTo(path));
      }
      return answers;
    }

   private:
    Result<HttpAnswer> AnswerTo(const std::string& path) {
      if (shared_->handler) return shared_->handler(path);
      Script& script = shared_->scripts[path.substr(0, path.find('?'))];
      if (script.empty()) return Answer("");
      Result<HttpAnswer> answer = std::move(script.front());
      script.pop_front();
      return answer;
    }

    const std::shared_ptr<Shared> shared_;
  };

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace tocsin::collectors::kubernetes
