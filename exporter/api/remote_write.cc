#include "exporter/api/remote_write.h"

#include <snappy.h>

#include <vector>

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include "base/labels.h"
#include "base/text.h"
#include "base/utf8.h"
#include "exporter/api/remote_write.pb.h"

namespace tocsin::api {
namespace {

/// Beyond this a sample is from a broken clock, and would hide the true ones that follow.
constexpr Duration kMostAhead = std::chrono::minutes(10);
constexpr std::size_t kLargestBody = std::size_t{16} << 20;
constexpr std::size_t kBatch = 10'000;

/// What is wrong with a label set; empty if nothing is.
std::string_view Problem(const remote_write::TimeSeries& series) {
  std::string_view before;
  bool named = false;
  for (const remote_write::Label& label : series.labels()) {
    const std::string_view name = label.name();
    if (!IsUtf8Name(name)) return "a label name that is empty or not UTF-8";
    if (name == before) return "a label name that is there twice";
    if (name < before) return "labels that are not sorted";
    if (!IsUtf8(label.value())) return "a label value that is not UTF-8";
    named |= name == kMetricNameLabel && !label.value().empty();
    before = name;
  }
  return named ? "" : "no metric name";
}

Labels LabelsOf(const remote_write::TimeSeries& series) {
  LabelsBuilder builder;
  for (const remote_write::Label& label : series.labels()) builder.Set(label.name(), label.value());
  return builder.Build();
}

/// Collects the series of a request into batches for the store.
class Receiver {
 public:
  Receiver(SampleStore& store, TimePoint now) : store_(store) {
    store_.SetNewestAllowed((now + kMostAhead).time_since_epoch().count());
  }

  void Take(const remote_write::TimeSeries& series) {
    if (const std::string_view problem = Problem(series); !problem.empty()) {
      ++invalid_;
      if (first_problem_.empty()) first_problem_ = fmt::format("a series has {}", problem);
      return;
    }
    histograms_ += static_cast<std::size_t>(series.histograms_size());
    const Labels labels = LabelsOf(series);
    for (const remote_write::Sample& sample : series.samples()) {
      batch_.push_back({labels, {sample.timestamp(), sample.value()}});
    }
    if (batch_.size() >= kBatch) Flush();
  }

  WriteOutcome Finish() {
    Flush();
    std::string problems = first_problem_;
    const auto add = [&](std::uint64_t count, std::string_view what) {
      if (count == 0) return;
      problems += fmt::format("{}{} {}", problems.empty() ? "" : "; ", count, what);
    };
    add(counts_.out_of_order, "out of order samples");
    add(counts_.duplicate, "duplicate samples for a timestamp with another value");
    add(counts_.too_far_ahead, "samples too far in the future");
    add(counts_.series_limit, "samples of new series beyond storage.max_series");
    add(counts_.bytes_limit, "samples of new series beyond storage.max_bytes");
    add(histograms_, "native histograms, which tocsin does not keep");
    if (invalid_ > 1) problems += fmt::format(" ({} such series)", invalid_);
    if (problems.empty()) return {};
    return {400, problems};
  }

 private:
  void Flush() {
    if (batch_.empty()) return;
    counts_ += store_.Append(batch_);
    batch_.clear();
  }

  SampleStore& store_;
  std::vector<SampleStore::Entry> batch_;
  AppendCounts counts_;
  std::size_t invalid_ = 0;
  std::size_t histograms_ = 0;
  std::string first_problem_;
};

/// Whether the request says that it is a remote-write 1.0 message.
bool IsWriteRequest(const HttpRequest& request) {
  const std::string_view type = request.Header("Content-Type");
  const std::string_view media = type.substr(0, type.find(';'));
  if (!type.empty() && !EqualsIgnoringCase(media, "application/x-protobuf")) return false;
  if (type.find("io.prometheus.write.v2") != std::string_view::npos) return false;
  const std::string_view encoding = request.Header("Content-Encoding");
  return encoding.empty() || EqualsIgnoringCase(encoding, "snappy");
}

}  // namespace

WriteOutcome ReceiveWrite(std::string_view body, SampleStore& store, TimePoint now) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size)) {
    return {400, "the body is not compressed with snappy"};
  }
  if (size > kLargestWrite) return {413, "the body is too large when decompressed"};
  std::string message;
  if (!snappy::Uncompress(body.data(), body.size(), &message)) {
    return {400, "the body is not compressed with snappy"};
  }
  google::protobuf::Arena arena;
  auto* const request = google::protobuf::Arena::CreateMessage<remote_write::WriteRequest>(&arena);
  if (!request->ParseFromString(message)) {
    return {400, "the body is not a remote-write 1.0 message"};
  }
  Receiver receiver(store, now);
  for (const remote_write::TimeSeries& series : request->timeseries()) receiver.Take(series);
  return receiver.Finish();
}

Route WriteRoute(SampleStore& store, const Clock& clock, const std::atomic<bool>& enabled) {
  const auto handle = [&](const HttpRequest& request) {
    if (!enabled.load(std::memory_order_relaxed)) {
      return HttpResponse::Text(
          404, "remote write receiver needs to be enabled with server.remote_write_receiver\n");
    }
    if (!IsWriteRequest(request)) {
      return HttpResponse::Text(
          415, "expected a remote-write 1.0 message: application/x-protobuf, snappy\n");
    }
    const WriteOutcome outcome = ReceiveWrite(request.body, store, clock.Now());
    if (outcome.status == 204) return HttpResponse::Text(204, "");
    return HttpResponse::Text(outcome.status, outcome.message + "\n");
  };
  return {"/api/v1/write", {"POST"}, Waits::kMaybe, handle, kLargestBody};
}

}  // namespace tocsin::api
