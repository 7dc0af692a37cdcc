#include "collectors/host/mount_probe.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/await.h"

namespace tocsin::collectors::host {
namespace {

/// File systems that answer with the length of their path, unless they hang. Those whose path
/// begins with "server:" are the network's. Shared with threads that outlive the test.
class FakeMounts {
 public:
  void Hang(const std::string& path) {
    const std::lock_guard lock(mutex_);
    hanging_.insert(path);
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    hanging_.clear();
    changed_.notify_all();
  }
  Result<MountUsage> Ask(const std::string& path) {
    std::unique_lock lock(mutex_);
    asked_.push_back(path);
    changed_.wait(lock, [&] { return !hanging_.contains(path); });
    if (path == "gone") return Error{ErrorCode::kNotFound, "gone: no such file"};
    return MountUsage{.size = static_cast<double>(path.size())};
  }
  std::size_t TimesAsked(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count(asked_.begin(), asked_.end(), path));
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> hanging_;
  std::vector<std::string> asked_;
};

struct Probe {
  ~Probe() { mounts->Release(); }

  /// The sizes; -1 for an error, -2 for no answer.
  std::vector<double> Read(const std::vector<std::string>& paths,
                           const Attempt& attempt = LongAttempt()) {
    std::vector<MountPlace> places;
    for (const std::string& path : paths) places.push_back({path, path.starts_with("server:")});
    std::vector<double> sizes;
    for (const Result<MountUsage>& usage : probe.Read(places, attempt)) {
      if (usage) {
        sizes.push_back(usage->size);
      } else {
        sizes.push_back(usage.error().code == ErrorCode::kTimeout ? -2 : -1);
      }
    }
    return sizes;
  }

  std::shared_ptr<FakeMounts> mounts = std::make_shared<FakeMounts>();
  MountProbe probe{std::chrono::milliseconds(100),
                   [mounts = mounts](const std::string& path) { return mounts->Ask(path); }};
};

using Sizes = std::vector<double>;

BOOST_AUTO_TEST_SUITE(mount_probe_test)

BOOST_AUTO_TEST_CASE(AllAreAsked) {
  Probe probe;
  BOOST_TEST(probe.Read({}).empty());
  BOOST_TEST(AwaitThat([&] { return probe.Read({"a", "gone", "bb"}) == Sizes{1, -1, 2}; }));
}

BOOST_AUTO_TEST_CASE(OneThatHangsCostsItselfOnly) {
  Probe probe;
  probe.mounts->Hang("bb");
  BOOST_TEST(AwaitThat([&] { return probe.Read({"a", "bb", "ccc"}) == Sizes{1, -2, 3}; }));
  // It is not asked again, and so costs no more time.
  for (int i = 0; i < 5; ++i) probe.Read({"a", "bb", "ccc"});
  BOOST_TEST(probe.mounts->TimesAsked("bb") == 1U);
  // Once it has answered, it is asked again.
  probe.mounts->Release();
  BOOST_TEST(AwaitThat([&] { return probe.Read({"a", "bb", "ccc"}) == Sizes{1, 2, 3}; }));
}

BOOST_AUTO_TEST_CASE(NoMoreThreadsThanThatAreGivenUp) {
  Probe probe;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < MountProbe::kMostHanging + 3; ++i) {
    paths.push_back("hangs" + std::to_string(i));
    probe.mounts->Hang(paths.back());
  }
  BOOST_TEST((probe.Read(paths) == Sizes(paths.size(), -2)));
  BOOST_TEST(probe.mounts->TimesAsked(paths[MountProbe::kMostHanging]) == 0U);
  probe.mounts->Release();
  BOOST_TEST(AwaitThat([&] { return probe.Read({"a"}) == Sizes{1}; }));
}

BOOST_AUTO_TEST_CASE(LocalOnesAreAskedWhateverNumberOfTheNetworksHangs) {
  Probe probe;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < MountProbe::kMostHanging + 3; ++i) {
    paths.push_back("server:" + std::to_string(i));
    probe.mounts->Hang(paths.back());
  }
  paths.emplace_back("a");
  Sizes sizes(paths.size(), -2);
  sizes.back() = 1;
  // They come first, and go on being asked.
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(AwaitThat([&] { return probe.Read(paths) == sizes; }));
  }
  BOOST_TEST(probe.mounts->TimesAsked(paths[MountProbe::kMostHanging]) == 0U);
  BOOST_TEST(probe.mounts->TimesAsked("a") >= 3U);
}

BOOST_AUTO_TEST_CASE(TheEndOfTheAttemptIsTheEnd) {
  Probe probe;
  probe.mounts->Hang("a");
  BOOST_TEST((probe.Read({"a", "bb"}, AttemptFor(std::chrono::milliseconds(0))) == Sizes{-2, -2}));
  std::stop_source stop;
  stop.request_stop();
  BOOST_TEST((probe.Read({"a", "bb"}, AttemptFor(std::chrono::seconds(60), stop.get_token())) ==
              Sizes{-2, -2}));
}

BOOST_AUTO_TEST_CASE(TheKernelIsAsked) {
  const Result<MountUsage> root = AskKernel("/");
  BOOST_REQUIRE(root);
  BOOST_TEST(root->size > 0);
  BOOST_TEST((AskKernel("/no/such/mount").error().code == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::host
