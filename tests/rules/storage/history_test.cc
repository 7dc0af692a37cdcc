#include "rules/storage/history.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/clock.h"
#include "rules/storage/history_reader.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recorded_log.h"
#include "tests/support/temporary_folder.h"

namespace tocsin {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Millis kStep = 15'000;
constexpr Millis kBegin = 1'700'000'000'000;

/// What a store holds: per series its samples, values by their bits, stale markers left out.
using Contents = std::map<std::string, std::map<Millis, std::uint64_t>>;

Contents ContentsOf(const SampleStore& store) {
  Contents contents;
  const auto all = store.Select({});
  for (std::size_t i = 0; i < all->size(); ++i) {
    Samples samples;
    all->Read(i, std::numeric_limits<Millis>::min(), std::numeric_limits<Millis>::max(), samples);
    auto& series = contents[all->labels(i).ToString()];
    for (std::size_t k = 0; k < samples.size(); ++k) {
      series[samples.t[k]] = std::bit_cast<std::uint64_t>(samples.v[k]);
    }
  }
  return contents;
}

/// How many samples of `part` are not in `whole`.
std::size_t Invented(const Contents& part, const Contents& whole) {
  std::size_t invented = 0;
  for (const auto& [labels, samples] : part) {
    const auto series = whole.find(labels);
    for (const auto& [t, bits] : samples) {
      if (series == whole.end()) {
        ++invented;
        continue;
      }
      const auto sample = series->second.find(t);
      if (sample == series->second.end() || sample->second != bits) ++invented;
    }
  }
  return invented;
}

std::size_t SamplesIn(const Contents& contents) {
  std::size_t samples = 0;
  for (const auto& [labels, series] : contents) samples += series.size();
  return samples;
}

/// A store and its history, as a process has them. Time stands still.
class Process {
 public:
  explicit Process(const fs::path& folder, History::Settings settings = Patient(),
                   SampleStore::Settings store_settings = {})
      : store_(store_settings), clock_(std::make_unique<FakeClock>()) {
    auto opened = History::Open(folder, settings, store_, *clock_, log_.log());
    if (opened) {
      history_ = std::move(*opened);
    } else {
      error_ = opened.error();
    }
  }

  /// A machine that is busy must not look like a disk that is slow.
  static History::Settings Patient() {
    History::Settings settings;
    settings.writer.patience = seconds(60);
    return settings;
  }

  /// The `step`-th collection: ten series, one that counts and some that hardly change, and one
  /// that is there in every third.
  void Collect(int step) {
    std::vector<SampleStore::Entry> batch;
    const Millis t = kBegin + step * kStep;
    for (int i = 0; i < 10; ++i) {
      const std::string number = std::to_string(i);
      batch.push_back({{{"__name__", "m"}, {"n", number}}, {t, i == 0 ? step * 1.1 : i}});
    }
    if (step % 3 == 0) batch.push_back({{{"__name__", "sometimes"}}, {t, 1.0 / (step + 1)}});
    store_.Append(batch);
  }
  void Collect(int first, int end) {
    for (int step = first; step < end; ++step) Collect(step);
  }
  /// Many series: some come and others go with each second step, and some are left out between.
  void CollectMuch(int step) {
    std::vector<SampleStore::Entry> batch;
    const int first = step / 2 * 20;
    for (int i = first; i < first + 2000; ++i) {
      if (step % 2 == 1 && i % 97 == 0) continue;
      batch.push_back({{{"__name__", "m"}, {"n", std::to_string(i)}},
                       {kBegin + step * kStep, static_cast<double>(i) * 1.1 / (step + 1)}});
    }
    store_.Append(batch);
  }

  SampleStore& store() { return store_; }
  FakeClock& clock() { return *clock_; }
  const RecordedLog& log() const { return log_; }
  History* operator->() { return history_.get(); }
  const std::optional<Error>& error() const { return error_; }
  Contents contents() const { return ContentsOf(store_); }
  ReplayCounts loaded() { return history_->stats().loaded; }

  /// Waits until the disk has taken what was appended.
  void Settle() {
    while (history_->stats().writer.queued_bytes > 0) std::this_thread::yield();
  }

 private:
  SampleStore store_;
  std::unique_ptr<FakeClock> clock_;
  RecordedLog log_;
  std::unique_ptr<History> history_;
  std::optional<Error> error_;
};

std::vector<fs::path> SegmentsIn(const fs::path& folder) {
  std::vector<fs::path> segments;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".log") segments.push_back(entry.path());
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

std::string BytesOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Put(const fs::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Collects until it is killed, and writes the number of each collection into `acknowledged` once
/// it is over.
[[noreturn]] void CollectForever(const fs::path& folder, int first, int acknowledged) {
  Process process(folder);
  if (process.error()) _exit(1);
  for (int step = first;; ++step) {
    process.Collect(step);
    if (write(acknowledged, &step, sizeof step) != sizeof step) _exit(1);
  }
}

/// Runs CollectForever() in a child, kills it in the midst of it, and returns the last collection
/// that was over.
int CollectUntilKilled(const fs::path& folder, int first, int collections) {
  int pipe_ends[2] = {};
  BOOST_TEST_REQUIRE(pipe(pipe_ends) == 0);
  const pid_t child = fork();
  BOOST_TEST_REQUIRE(child >= 0);
  if (child == 0) {
    close(pipe_ends[0]);
    CollectForever(folder, first, pipe_ends[1]);
  }
  close(pipe_ends[1]);
  int last = first - 1;
  for (int step = 0; read(pipe_ends[0], &step, sizeof step) == sizeof step;) {
    last = step;
    if (last == first + collections) kill(child, SIGKILL);
  }
  close(pipe_ends[0]);
  int status = 0;
  BOOST_TEST(waitpid(child, &status, 0) == child);
  BOOST_TEST(WIFSIGNALED(status));
  return last;
}

/// A folder whose history is the collections [0, steps), in one segment.
Contents Fill(const fs::path& folder, int steps) {
  Process process(folder);
  process.Collect(0, steps);
  return process.contents();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(history_test)

BOOST_AUTO_TEST_CASE(SamplesComeBackAfterARestart) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "new/samples";
  const Contents written = Fill(path, 100);
  Process process(path);
  BOOST_TEST((process.contents() == written));
  BOOST_TEST(process.loaded().samples == SamplesIn(written));
  BOOST_TEST(!process.loaded().IsDamaged());
  BOOST_TEST(process.loaded().torn_bytes == 0U);
  BOOST_TEST(process.log().Count("history is damaged") == 0);
  BOOST_TEST((fs::status(path).permissions() == fs::perms::owner_all));
}

BOOST_AUTO_TEST_CASE(ManyRestartsGoOnWithOneSegment) {
  const TemporaryFolder folder;
  Contents written;
  for (int run = 0; run < 10; ++run) {
    Process process(folder.path());
    BOOST_TEST((process.contents() == written));
    process.Collect(10 * run, 10 * run + 10);
    written = process.contents();
  }
  BOOST_TEST(SegmentsIn(folder.path()).size() == 1U);
  BOOST_TEST((Process(folder.path()).contents() == written));
}

BOOST_AUTO_TEST_CASE(StaleMarkersComeBack) {
  const TemporaryFolder folder;
  const Labels up = {{"__name__", "up"}};
  const std::vector<SampleStore::Entry> batch = {{up, {1, 1}}, {up, {2, kStaleNan}}};
  Process(folder.path()).store().Append(batch);
  Process process(folder.path());
  const auto newest = process.store().Select({})->Newest(0, 0, 5);
  BOOST_TEST_REQUIRE(newest.has_value());
  BOOST_TEST(newest->t == 2);
  BOOST_TEST(IsStaleNan(newest->v));
}

BOOST_AUTO_TEST_CASE(ATailTornAnywhereIsCutOff) {
  const TemporaryFolder folder;
  Fill(folder.path(), 20);
  const fs::path segment = SegmentsIn(folder.path()).front();
  const std::size_t kept = fs::file_size(segment);
  const Contents before = Process(folder.path()).contents();
  {
    Process process(folder.path());
    process.Collect(20, 22);
  }
  const std::string whole = BytesOf(segment);
  for (std::size_t size = kept; size < whole.size(); ++size) {
    BOOST_TEST_CONTEXT(size) {
      Put(segment, std::string_view(whole).substr(0, size));
      Contents after;
      {
        Process process(folder.path());
        BOOST_TEST(!process.loaded().IsDamaged());
        after = process.contents();
        BOOST_TEST(SamplesIn(after) >= SamplesIn(before));
        process.Collect(30);
        after = process.contents();
      }
      Process process(folder.path());
      BOOST_TEST((process.contents() == after));
      BOOST_TEST(process.loaded().torn_bytes == 0U);
      BOOST_TEST(SegmentsIn(folder.path()).size() == 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(FlippedBitsNeitherStopTheStartNorInventSamples) {
  const TemporaryFolder folder;
  const Contents written = Fill(folder.path(), 200);
  const fs::path segment = SegmentsIn(folder.path()).front();
  const std::string intact = BytesOf(segment);
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    BOOST_TEST_CONTEXT(round) {
      std::string bytes = intact;
      const std::size_t flips = 1 + random() % 3;
      for (std::size_t i = 0; i < flips; ++i) {
        char& byte = bytes[random() % bytes.size()];
        byte = static_cast<char>(byte ^ (1 << (random() % 8)));
      }
      Put(segment, bytes);
      Process process(folder.path());
      BOOST_TEST_REQUIRE(!process.error());
      BOOST_TEST(Invented(process.contents(), written) == 0U);
      const ReplayCounts loaded = process.loaded();
      const bool is_whole = SamplesIn(process.contents()) == SamplesIn(written);
      BOOST_TEST((is_whole || loaded.IsDamaged() || loaded.torn_bytes > 0));
      BOOST_TEST(process.log().Count("history is damaged") == (loaded.IsDamaged() ? 1 : 0));
    }
    for (const fs::path& other : SegmentsIn(folder.path())) {
      if (other != segment) fs::remove(other);
    }
  }
}

BOOST_AUTO_TEST_CASE(DamageInTheMiddleKeepsWhatIsAroundIt) {
  const TemporaryFolder folder;
  const Contents written = Fill(folder.path(), 400);
  const fs::path segment = SegmentsIn(folder.path()).front();
  std::string bytes = BytesOf(segment);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  Put(segment, bytes);
  Contents after;
  {
    Process process(folder.path());
    const std::size_t kept = SamplesIn(process.contents());
    BOOST_TEST(kept < SamplesIn(written));
    BOOST_TEST(kept > SamplesIn(written) * 3 / 4);
    BOOST_TEST(process.contents().begin()->second.contains(kBegin + 399 * kStep));
    process.Collect(400);
    after = process.contents();
  }
  BOOST_TEST(SegmentsIn(folder.path()).size() == 2U);  // It does not go on with a damaged one.
  BOOST_TEST((Process(folder.path()).contents() == after));
}

// So much that a thread reads ahead.
BOOST_AUTO_TEST_CASE(ALargeHistoryComesBack) {
  const TemporaryFolder folder;
  Contents written;
  {
    Process process(folder.path());
    for (int step = 0; step < 100; ++step) process.CollectMuch(step);
    written = process.contents();
  }
  const fs::path segment = SegmentsIn(folder.path()).front();
  BOOST_TEST_REQUIRE(fs::file_size(segment) > HistoryReader::kLarge);
  {
    Process process(folder.path());
    BOOST_TEST((process.contents() == written));
    BOOST_TEST(process.loaded().samples == SamplesIn(written));
    process.CollectMuch(100);
    written = process.contents();
  }
  BOOST_TEST((Process(folder.path()).contents() == written));
  BOOST_TEST(SegmentsIn(folder.path()).size() == 1U);
  std::string bytes = BytesOf(segment);
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
  bytes.resize(bytes.size() - 1);
  Put(segment, bytes);
  Process process(folder.path());
  const Contents left = process.contents();
  BOOST_TEST(Invented(left, written) == 0U);
  BOOST_TEST(SamplesIn(left) > SamplesIn(written) / 2);
  BOOST_TEST(process.loaded().samples == SamplesIn(left));
  BOOST_TEST(process.loaded().lost_records > 0U);
  BOOST_TEST(process.loaded().torn_bytes > 0U);
}

BOOST_AUTO_TEST_CASE(RubbishDoesNotStopTheStart) {
  const struct {
    std::string_view name;
    std::string bytes;
  } kCases[] = {
      {"empty", ""},
      {"zeros", std::string(5000, '\0')},
      {"text", "hello\n"},
      {"magics", "TSH1TSH1TSH1TSH1TSH1"},
  };
  for (const auto& test : kCases) {
    BOOST_TEST_CONTEXT(test.name) {
      const TemporaryFolder folder;
      Put(folder.path() / "00000001.log", test.bytes);
      Put(folder.path() / "1.log", "not ours");
      const Contents written = Fill(folder.path(), 3);
      Process process(folder.path());
      BOOST_TEST((process.contents() == written));
      BOOST_TEST(BytesOf(folder.path() / "1.log") == "not ours");
    }
  }
}

BOOST_AUTO_TEST_CASE(AKilledProcessLosesAtMostTheLastCollection) {
  const TemporaryFolder folder;
  int next = 0;
  for (const int collections : {1, 50, 700, 30}) {
    const int last = CollectUntilKilled(folder.path(), next, collections);
    BOOST_TEST(last >= next + collections);
    Process process(folder.path());
    const auto counter = process.contents()["m{n=\"0\"}"];
    for (int step = next; step < last; ++step) {
      if (!counter.contains(kBegin + step * kStep)) BOOST_ERROR(step << " of " << last);
    }
    BOOST_TEST(!process.loaded().IsDamaged());
    next = last + 10;
  }
}

BOOST_AUTO_TEST_CASE(AnotherProcessIsRefused) {
  const TemporaryFolder folder;
  {
    Process first(folder.path());
    const Process second(folder.path());
    BOOST_TEST_REQUIRE(second.error().has_value());
    BOOST_TEST((second.error()->code == ErrorCode::kUnavailable));
    BOOST_TEST(second.error()->message ==
               "opening the history: " + folder.path().string() + ": in use by another process");
  }
  BOOST_TEST(!Process(folder.path()).error());
}

BOOST_AUTO_TEST_CASE(AFolderThatCannotBeMadeIsSaid) {
  const TemporaryFolder folder;
  Put(folder.path() / "file", "x");
  const Process process(folder.path() / "file");
  BOOST_TEST_REQUIRE(process.error().has_value());
  BOOST_TEST(process.error()->message.starts_with("opening the history: "));
}

BOOST_AUTO_TEST_CASE(WhatIsOlderThanTheRetentionGoes) {
  const TemporaryFolder folder;
  const Millis retention = 100 * kStep;
  History::Settings settings = Process::Patient();
  settings.writer.retention = retention;
  Process process(folder.path(), settings, {.retention = retention});
  std::size_t most_segments = 0;
  for (int step = 0; step < 2000; ++step) {
    process.Collect(step);
    most_segments = std::max(most_segments, SegmentsIn(folder.path()).size());
  }
  process.Settle();
  BOOST_TEST(most_segments <= 11U);
  BOOST_TEST(most_segments >= 8U);
  BOOST_TEST(process->stats().writer.segments == SegmentsIn(folder.path()).size());
  std::size_t bytes = 0;
  for (const fs::path& segment : SegmentsIn(folder.path())) bytes += fs::file_size(segment);
  BOOST_TEST(process->stats().writer.disk_bytes == bytes);

  process->SetRetention(10 * kStep);
  process.Collect(2000, 2020);
  process.Settle();
  BOOST_TEST(SegmentsIn(folder.path()).size() <= 5U);
}

BOOST_AUTO_TEST_CASE(BatchesFromThePastDoNotBeginSegments) {
  const TemporaryFolder folder;
  History::Settings settings = Process::Patient();
  settings.writer.retention = 100 * kStep;
  Process process(folder.path(), settings);
  for (int step = 0; step < 50; ++step) {
    process.Collect(step);
    const SampleStore::Entry past = {{{"__name__", "past"}}, {step, 1}};
    process.store().Append({&past, 1});
  }
  process.Settle();
  BOOST_TEST(SegmentsIn(folder.path()).size() <= 6U);
}

BOOST_AUTO_TEST_CASE(SegmentsEndAtTheirSize) {
  const TemporaryFolder folder;
  History::Settings settings = Process::Patient();
  settings.segment_bytes = 2000;
  Contents written;
  {
    Process process(folder.path(), settings);
    process.Collect(0, 500);
    written = process.contents();
  }
  const auto segments = SegmentsIn(folder.path());
  BOOST_TEST(segments.size() > 3U);
  for (const fs::path& segment : segments) BOOST_TEST(fs::file_size(segment) < 4000U);
  BOOST_TEST((Process(folder.path(), settings).contents() == written));
}

// The limit on the size of files stands for a disk that is full: writes fail, some half-way.
BOOST_AUTO_TEST_CASE(AFullDiskStopsTheHistoryAndNothingElse) {
  const TemporaryFolder folder;
  Contents written;
  rlimit unlimited = {};
  getrlimit(RLIMIT_FSIZE, &unlimited);
  const auto restore_signal = std::signal(SIGXFSZ, SIG_IGN);
  {
    Process process(folder.path());
    process.Collect(0, 10);
    process.Settle();
    const std::size_t size = fs::file_size(SegmentsIn(folder.path()).front());
    const rlimit full = {size + 5, unlimited.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    process.Collect(10, 20);
    process.Settle();
    // Even the retry fails.
    const rlimit nothing = {5, unlimited.rlim_max};
    setrlimit(RLIMIT_FSIZE, &nothing);
    process.clock().Advance(seconds(10));
    process.Collect(20, 30);
    process.Settle();
    setrlimit(RLIMIT_FSIZE, &unlimited);

    const HistoryWriter::Stats failing = process->stats().writer;
    BOOST_TEST(failing.is_failing);
    BOOST_TEST(failing.failures == 2U);
    BOOST_TEST(failing.lost_samples > 200U);
    BOOST_TEST(SamplesIn(process.contents()) == 310U);
    process.Collect(30);  // Too early.
    process.clock().Advance(seconds(10));
    process.Collect(31);
    process.Settle();
    process.Collect(32, 40);
    written = process.contents();
    BOOST_TEST(!process->stats().writer.is_failing);
  }
  std::signal(SIGXFSZ, restore_signal);
  Process process(folder.path());
  const Contents loaded = process.contents();
  BOOST_TEST(Invented(loaded, written) == 0U);
  const auto& counter = loaded.begin()->second;
  BOOST_TEST(counter.size() == 10U + 9U);
  BOOST_TEST(!process.loaded().IsDamaged());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
