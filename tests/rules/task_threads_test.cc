#include "rules/task_threads.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include <boost/test/unit_test.hpp>

#include "tests/support/await.h"

namespace tocsin {
namespace {

/// Tasks that wait until they are let go.
class Gate {
 public:
  void Pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [&] { return is_open_; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  int waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool is_open_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(task_threads_test)

BOOST_AUTO_TEST_CASE(NoTaskWaitsForAnother) {
  constexpr int kTasks = 20;
  Gate gate;
  TaskThreads threads("test", 2);
  for (int i = 0; i < kTasks; ++i) threads.Run([&] { gate.Pass(); });
  BOOST_TEST(AwaitThat([&] { return gate.waiting() == kTasks; }));
  BOOST_TEST(threads.size() >= static_cast<std::size_t>(kTasks));
  gate.Open();
  BOOST_TEST(AwaitThat([&] { return threads.size() == 2U; }));
}

BOOST_AUTO_TEST_CASE(TasksOneAfterTheOtherNeedFewThreads) {
  std::atomic<int> done = 0;
  TaskThreads threads("test", 1);
  for (int i = 1; i <= 10; ++i) {
    threads.Run([&] { ++done; });
    BOOST_TEST(AwaitThat([&] { return done == i; }));
    BOOST_TEST(threads.size() <= 3U);
  }
}

BOOST_AUTO_TEST_CASE(TheEndWaitsForWhatWasGiven) {
  std::atomic<int> done = 0;
  {
    TaskThreads threads("test");
    for (int i = 0; i < 100; ++i) threads.Run([&] { ++done; });
  }
  BOOST_TEST(done == 100);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
