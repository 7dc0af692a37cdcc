#include "exporter/application.h"

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <curl/curl.h>

#include "exporter/config.h"
#include "tests/support/fake_collector.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

using collectors::Attempt;
using collectors::Collection;
using collectors::Collector;
using collectors::InstanceConfig;

constexpr MetricDesc kFake{"fake_value", MetricType::kGauge, "What the configuration says."};
constexpr collectors::CollectorEntry kFakeKind{"fake", "For tests.", {}, {&kFake, 1}, nullptr};

class FakeCollector final : public Collector {
 public:
  explicit FakeCollector(double value) : value_(value) {}
  Status Collect(const Attempt& /*attempt*/, Collection& collection) override {
    collection.points.Add(kFake, {}, value_);
    return {};
  }

 private:
  const double value_;
};

std::shared_ptr<const InstanceConfig> Instance(const std::string& name, double value) {
  auto instance = std::make_shared<InstanceConfig>();
  instance->kind = &kFakeKind;
  instance->name = name;
  instance->interval = std::chrono::seconds(60);
  instance->timeout = std::chrono::seconds(10);
  instance->stale_after = std::chrono::seconds(180);
  instance->labels = {{"of", name}};
  instance->fingerprint = std::to_string(value);
  instance->make = [value](const collectors::Environment&) {
    return std::make_unique<FakeCollector>(value);
  };
  return instance;
}

std::size_t Append(char* data, std::size_t size, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

struct Answer {
  long status = 0;
  std::string body;
};

/// Posts, whatever comes of it.
void Post(const std::string& address, const std::string& path) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> request(curl_easy_init(),
                                                                    &curl_easy_cleanup);
  std::string body;
  curl_easy_setopt(request.get(), CURLOPT_URL, ("http://" + address + path).c_str());
  curl_easy_setopt(request.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(request.get(), CURLOPT_TIMEOUT_MS, 30'000L);
  curl_easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(request.get(), CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(request.get(), CURLOPT_POSTFIELDS, "");
  curl_easy_perform(request.get());
}

/// An application on a free port, whose configuration the test changes under it.
class Served {
 public:
  explicit Served(Config first) : next_(std::move(first)) {
    auto started =
        Application::Start({.load = [this] { return next_; }, .config_name = "test"}, clock_, log_);
    BOOST_REQUIRE(!!started);
    application_ = std::move(*started);
  }
  ~Served() { BOOST_TEST(application_->Stop()); }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  Application& application() { return *application_; }
  void SetNext(Result<Config> next) { next_ = std::move(next); }

  Answer Ask(const std::string& path, bool post = false) const {
    Answer answer;
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> request(curl_easy_init(),
                                                                      &curl_easy_cleanup);
    const std::string url = "http://" + application_->addresses().at(0) + path;
    curl_easy_setopt(request.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(request.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(request.get(), CURLOPT_TIMEOUT_MS, 30'000L);
    curl_easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, &Append);
    curl_easy_setopt(request.get(), CURLOPT_WRITEDATA, &answer.body);
    if (post) curl_easy_setopt(request.get(), CURLOPT_POSTFIELDS, "");
    BOOST_REQUIRE(curl_easy_perform(request.get()) == CURLE_OK);
    curl_easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

  /// Whether /metrics has `line` within a generous deadline.
  bool Shows(const std::string& line) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (Ask("/metrics").body.find(line + "\n") != std::string::npos) return true;
      std::this_thread::yield();
    }
    return false;
  }

 private:
  const SystemClock clock_;
  const Log log_{LogLevel::kError, LogFormat::kLogfmt};
  Result<Config> next_;
  std::unique_ptr<Application> application_;
};

Config ConfigWith(std::vector<std::shared_ptr<const InstanceConfig>> instances) {
  Config config;
  config.server.listen = {"127.0.0.1:0"};
  config.storage.path.clear();
  config.collectors = std::move(instances);
  return config;
}

BOOST_AUTO_TEST_SUITE(application_test)

BOOST_AUTO_TEST_CASE(ItServesWhatTheConfigurationSays) {
  const Served served(ConfigWith({Instance("a", 1)}));
  BOOST_TEST(served.Shows("fake_value{of=\"a\"} 1"));
  BOOST_TEST(served.Shows("tocsin_config_last_reload_successful 1"));
  BOOST_TEST(served.Ask("/-/healthy").status == 200);
  BOOST_TEST(served.Ask("/-/ready").status == 200);
}

BOOST_AUTO_TEST_CASE(WhatTheLandingPageLinksIsThere) {
  const Served served(ConfigWith({Instance("a", 1)}));
  BOOST_TEST(served.Shows("fake_value{of=\"a\"} 1"));  // Then it is ready, too.
  const std::string page = served.Ask("/plain/").body;
  const std::regex link("href=\"([^\"]+)\"");
  int links = 0;
  for (std::sregex_iterator found(page.begin(), page.end(), link), none; found != none; ++found) {
    const std::string target = (*found)[1];
    const std::string path =
        target.starts_with("../") ? target.substr(2) : std::string("/plain/") + target;
    BOOST_TEST(served.Ask(path).status == 200, path);
    ++links;
  }
  BOOST_TEST(links > 10);
}

BOOST_AUTO_TEST_CASE(AReloadReplacesTheCollectors) {
  Served served(ConfigWith({Instance("a", 1), Instance("b", 2), Instance("gone", 3)}));
  BOOST_TEST(served.Shows("fake_value{of=\"gone\"} 3"));
  served.SetNext(ConfigWith({Instance("a", 1), Instance("b", 20), Instance("new", 4)}));
  const Answer answer = served.Ask("/-/reload", /*post=*/true);
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body == "configuration reloaded\n");
  BOOST_TEST(served.Shows("fake_value{of=\"new\"} 4"));
  BOOST_TEST(served.Shows("fake_value{of=\"b\"} 20"));
  const std::string page = served.Ask("/metrics").body;
  BOOST_TEST(page.find("fake_value{of=\"a\"} 1\n") != std::string::npos);
  BOOST_TEST(page.find("gone") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(ABrokenConfigurationChangesNothing) {
  Served served(ConfigWith({Instance("a", 1)}));
  BOOST_TEST(served.Shows("fake_value{of=\"a\"} 1"));
  served.SetNext(Error{ErrorCode::kInvalidInput, "f:1:2: bad\nf:2:1: worse"});
  const Answer answer = served.Ask("/-/reload", /*post=*/true);
  BOOST_TEST(answer.status == 400);
  BOOST_TEST(answer.body == "f:1:2: bad\nf:2:1: worse\n");
  BOOST_TEST(served.Shows("tocsin_config_last_reload_successful 0"));
  BOOST_TEST(served.Shows("fake_value{of=\"a\"} 1"));
  served.SetNext(ConfigWith({Instance("a", 1)}));
  BOOST_TEST(!!served.application().Reload());
  BOOST_TEST(served.Shows("tocsin_config_last_reload_successful 1"));
}

BOOST_AUTO_TEST_CASE(WhatOnlyARestartCanChangeIsRefused) {
  Served served(ConfigWith({}));
  Config wanted = ConfigWith({Instance("a", 1)});
  wanted.server.listen = {"127.0.0.1:1", "[::1]:1"};
  wanted.storage.path = "/state";
  served.SetNext(wanted);
  const Status done = served.application().Reload();
  BOOST_TEST_REQUIRE(!done);
  BOOST_TEST(done.error().message ==
             "server.listen has changed to 127.0.0.1:1, [::1]:1: restart tocsin to listen there\n"
             "storage.path has changed to /state: restart tocsin to keep state there");
  BOOST_TEST(served.Ask("/metrics").body.find("fake_value") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(StorageThatCannotBeWrittenDoesNotStart) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "data") << "a file in the way";
  Config config = ConfigWith({});
  config.storage.path = folder.path() / "data";
  const SystemClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const auto started =
      Application::Start({.load = [&] { return config; }, .config_name = "test"}, clock, log);
  BOOST_TEST_REQUIRE(!started);
  BOOST_TEST(started.error().message.find("storage.path: cannot keep state in ") == 0U);
}

BOOST_AUTO_TEST_CASE(StoppingEndsAtItsDeadlineThoughCollectorsHangAndReloadsQueueUp) {
  std::atomic<bool> released = false;
  std::atomic<int> loads = 0;
  const SystemClock clock;
  const RecordedLog log;
  const auto load = [&]() -> Result<Config> {
    auto hanging = collectors::FakeConfig("a", [&](const Attempt&, Collection&) -> Status {
      released.wait(false);
      return {};
    });
    hanging.fingerprint = std::to_string(++loads);  // So that each reload has to end the last one.
    return ConfigWith({std::make_shared<const InstanceConfig>(std::move(hanging))});
  };
  auto started = Application::Start({.load = load, .config_name = "test"}, clock, log.log());
  BOOST_REQUIRE(!!started);
  Application& application = **started;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] { Post(application.addresses().at(0), "/-/reload"); });
  }
  while (loads < 2) std::this_thread::yield();
  const auto began = std::chrono::steady_clock::now();
  BOOST_TEST(!application.Stop(began + Application::kStopBudget));
  // The rest of the five seconds is for a reload by SIGHUP that had to end first.
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::milliseconds(3500)));
  BOOST_TEST(loads <= 3);
  released = true;
  released.notify_all();
  while (!application.Stop()) continue;
}

BOOST_AUTO_TEST_CASE(ReloadingIsPostOnly) {
  const Served served(ConfigWith({}));
  BOOST_TEST(served.Ask("/-/reload").status == 405);
}

BOOST_AUTO_TEST_CASE(TheAddressInForceIsTheOneThatIsListenedOn) {
  Served served(ConfigWith({}));
  const std::string address = served.application().addresses().at(0);
  BOOST_TEST(!address.ends_with(":0"));
  BOOST_TEST(served.Ask("/api/v1/status/flags")
                 .body.starts_with(R"({"status":"success","data":{"server.listen":")" + address +
                                   R"(","storage.retention":)"));
}

BOOST_AUTO_TEST_CASE(RunbooksAreServed) {
  const Served served(ConfigWith({}));
  BOOST_TEST(served.Ask("/api/v1/tocsin/runbooks").body.find(R"("name":"atlasdown")") !=
             std::string::npos);
  BOOST_TEST(served.Ask("/runbooks/atlasdown").status == 200);
  BOOST_TEST(served.Ask("/runbooks/atlasdown.md").body.starts_with("# AtlasDown\n"));
  BOOST_TEST(served.Ask("/runbooks/nothing").status == 404);
  BOOST_TEST(served.Ask("/runbooks/%2e%2e%2fatlasdown.md").status == 404);
}

BOOST_AUTO_TEST_CASE(ATakenAddressIsSaid) {
  Served served(ConfigWith({}));
  Config second = ConfigWith({});
  second.server.listen = served.application().addresses();
  const SystemClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const auto started =
      Application::Start({.load = [&] { return second; }, .config_name = "test"}, clock, log);
  BOOST_TEST_REQUIRE(!started);
  BOOST_TEST(started.error().message.find(second.server.listen.at(0)) != std::string::npos);
  BOOST_TEST(started.error().message.find("in use") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ABadConfigurationDoesNotStart) {
  const SystemClock clock;
  const Log log(LogLevel::kError, LogFormat::kLogfmt);
  const auto started = Application::Start(
      {.load =
           [] {
             return Result<Config>(Error{ErrorCode::kInvalidInput, "f:1:1: bad"});
           },
       .config_name = "test"},
      clock, log);
  BOOST_TEST_REQUIRE(!started);
  BOOST_TEST(started.error().message == "f:1:1: bad");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin
