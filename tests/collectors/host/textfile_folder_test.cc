#include "collectors/host/textfile_folder.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>

#include <boost/test/unit_test.hpp>

#include "tests/collectors/sql/attempt_for.h"
#include "tests/support/await.h"

namespace tocsin::collectors::host {
namespace {

/// A folder of one file that may hang. Shared with threads that outlive the test.
class FakeFolder {
 public:
  void SetHanging(bool hangs) {
    const std::lock_guard lock(mutex_);
    hangs_ = hangs;
    changed_.notify_all();
  }
  Result<std::vector<TextFile>> Read() {
    std::unique_lock lock(mutex_);
    ++times_read_;
    changed_.wait(lock, [&] { return !hangs_; });
    return std::vector<TextFile>{{"a.prom", std::string("a 1\n")}};
  }
  int times_read() const {
    const std::lock_guard lock(mutex_);
    return times_read_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool hangs_ = false;
  int times_read_ = 0;
};

struct Folder {
  ~Folder() { fake->SetHanging(false); }

  std::shared_ptr<FakeFolder> fake = std::make_shared<FakeFolder>();
  TextfileFolder folder{"/folder",
                        [fake = fake](const std::filesystem::path&) { return fake->Read(); }};
};

bool IsNoAnswer(const Result<std::vector<TextFile>>& files) {
  return !files && files.error().code == ErrorCode::kTimeout;
}

BOOST_AUTO_TEST_SUITE(textfile_folder_test)

BOOST_AUTO_TEST_CASE(OneThatHangsIsGivenUpUntilItAnswers) {
  Folder folder;
  BOOST_REQUIRE(folder.folder.Read(LongAttempt()));
  folder.fake->SetHanging(true);
  BOOST_TEST(IsNoAnswer(folder.folder.Read(AttemptFor(std::chrono::milliseconds(20)))));
  // It is not read again, and so costs no more time and no more threads.
  for (int i = 0; i < 5; ++i) BOOST_TEST(IsNoAnswer(folder.folder.Read(LongAttempt())));
  BOOST_TEST(folder.fake->times_read() == 2);
  folder.fake->SetHanging(false);
  BOOST_TEST(AwaitThat([&] { return static_cast<bool>(folder.folder.Read(LongAttempt())); }));
  BOOST_TEST(folder.fake->times_read() == 3);
}

BOOST_AUTO_TEST_CASE(AStopIsTheEnd) {
  Folder folder;
  folder.fake->SetHanging(true);
  std::stop_source stop;
  stop.request_stop();
  BOOST_TEST(
      IsNoAnswer(folder.folder.Read(AttemptFor(std::chrono::seconds(60), stop.get_token()))));
}

BOOST_AUTO_TEST_CASE(AFolderThatIsNotThereFails) {
  BOOST_TEST((ReadTextFiles("/no/such/folder").error().code == ErrorCode::kNotFound));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tocsin::collectors::host
