#include "rules/storage/history_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

using Admission = HistoryWriter::Admission;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kPipeBytes = 4096;

/// A writer whose disk takes a page and then nothing more until some of it is read: a pipe.
class HungDisk {
 public:
  explicit HungDisk(HistoryWriter::Settings settings) {
    BOOST_TEST_REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
    BOOST_TEST_REQUIRE(fcntl(ends_[1], F_SETPIPE_SZ, kPipeBytes) == static_cast<int>(kPipeBytes));
    auto file = std::make_shared<SegmentFile>(FileDescriptor(ends_[1]), "pipe", 0);
    auto folder = HistoryFolder::Open(folder_.path());
    BOOST_TEST_REQUIRE(!!folder);
    writer_ = std::make_unique<HistoryWriter>(std::move(*folder),
                                              std::vector<HistoryWriter::Segment>{{1, 0, 0}},
                                              std::move(file), settings, clock_, log_.log());
  }
  ~HungDisk() {
    Drain();
    writer_.reset();
    close(ends_[0]);
  }
  HungDisk(const HungDisk&) = delete;
  HungDisk& operator=(const HungDisk&) = delete;

  HistoryWriter* operator->() { return writer_.get(); }
  const RecordedLog& log() const { return log_; }

  void Push(std::size_t bytes) { writer_->Push({std::string(bytes, 'x'), 1, 0, false}); }

  /// Reads until everything that was pushed has come through.
  void Drain() {
    std::string page(kPipeBytes, '\0');
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    while (writer_->stats().queued_bytes > 0) {
      if (read(ends_[0], page.data(), page.size()) < 0) std::this_thread::yield();
    }
    while (read(ends_[0], page.data(), page.size()) > 0) {
    }
  }

 private:
  TemporaryFolder folder_;
  FakeClock clock_;
  RecordedLog log_;
  int ends_[2] = {};
  std::unique_ptr<HistoryWriter> writer_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(history_writer_test)

BOOST_AUTO_TEST_CASE(AHungDiskIsWaitedForOnce) {
  HungDisk disk({.patience = milliseconds(20)});
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    BOOST_TEST_REQUIRE((disk->Admit(1) == Admission::kContinue));
    disk.Push(kPipeBytes);
  }
  // A thousand times the patience would be 20 seconds.
  BOOST_TEST((std::chrono::steady_clock::now() - begin < seconds(10)));
  disk.Drain();
  BOOST_TEST(disk->stats().written_samples == 1000U);
  BOOST_TEST(disk->stats().lost_samples == 0U);
}

BOOST_AUTO_TEST_CASE(AFullQueueRefusesUntilItIsEmpty) {
  HungDisk disk({.queue_bytes = 10 * kPipeBytes, .patience = milliseconds(1)});
  for (int round = 1; round <= 2; ++round) {
    BOOST_TEST_CONTEXT(round) {
      // What fills the pipe; from then on the disk takes nothing.
      BOOST_TEST_REQUIRE((disk->Admit(5) == Admission::kContinue));
      disk.Push(kPipeBytes);
      BOOST_TEST_REQUIRE(AwaitThat([&] { return disk->stats().queued_bytes == 0; }));
      while (disk->Admit(5) == Admission::kContinue) disk.Push(kPipeBytes);
      BOOST_TEST((disk->Admit(5) == Admission::kRefused));
      const HistoryWriter::Stats stats = disk->stats();
      BOOST_TEST(stats.lost_samples == static_cast<std::uint64_t>(10 * round));
      BOOST_TEST(stats.queued_bytes <= 12 * kPipeBytes);
      BOOST_TEST(!stats.is_failing);
      BOOST_TEST(disk.log().Count("the disk is too slow") == round);
      disk.Drain();
      BOOST_TEST((disk->Admit(5) == Admission::kContinue));
      disk.Push(1);
      disk.Drain();
    }
  }
}

BOOST_AUTO_TEST_CASE(TimesFarApartAreCompared) {
  constexpr Millis kLeast = std::numeric_limits<Millis>::min();
  constexpr Millis kMost = std::numeric_limits<Millis>::max();
  const struct {
    Millis span, earlier, later;
    bool is_more;
  } kCases[] = {
      {10, 0, 10, false},
      {10, 0, 11, true},
      {10, 11, 0, false},
      {0, 5, 5, false},
      {kMost, kLeast, kMost, true},
      {10, kMost, kLeast, false},
      {10, -6, 5, true},
      {10, -5, 5, false},
  };
  for (const auto& test : kCases) {
    BOOST_TEST(IsMoreThanAfter(test.span, test.earlier, test.later) == test.is_more);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
