#include "exporter/api/remote_write.h"

#include <snappy.h>

#include <cstdint>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "base/labels.h"
#include "base/text.h"
#include "base/utf8.h"
#include "exporter/api/remote_write.pb.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kLargestBody = std::size_t{16} << 20;
/// Of one series with its samples, encoded: some hundred thousand samples.
constexpr std::uint32_t kLargestSeries = 1 << 20;
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
  explicit Receiver(SampleStore& store) : store_(store) {}

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

/// Calls `take` for each series of a WriteRequest, one after another in the same memory: parsed as
/// a whole, a small message can take a hundred times its size. Fails if it is not such a message.
template <class Take>
bool ForEachSeries(const std::string& message, Take take) {
  using google::protobuf::internal::WireFormatLite;
  constexpr std::uint32_t kSeriesTag =
      WireFormatLite::MakeTag(remote_write::WriteRequest::kTimeseriesFieldNumber,
                              WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  remote_write::TimeSeries series;
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag != kSeriesTag) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size) || size > kLargestSeries) return false;
    const auto limit = in.PushLimit(static_cast<int>(size));
    series.Clear();
    if (!series.MergeFromCodedStream(&in) || in.BytesUntilLimit() != 0) return false;
    in.PopLimit(limit);
    take(series);
  }
  return in.ConsumedEntireMessage();
}

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

WriteOutcome ReceiveWrite(std::string_view body, SampleStore& store) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size)) {
    return {400, "the body is not compressed with snappy"};
  }
  if (size > kLargestWrite) return {413, "the body is too large when decompressed"};
  std::string message;
  if (!snappy::Uncompress(body.data(), body.size(), &message)) {
    return {400, "the body is not compressed with snappy"};
  }
  Receiver receiver(store);
  if (!ForEachSeries(message,
                     [&](const remote_write::TimeSeries& series) { receiver.Take(series); })) {
    receiver.Finish();
    return {400, "the body is not a remote-write 1.0 message"};
  }
  return receiver.Finish();
}

Route WriteRoute(SampleStore& store, const std::atomic<bool>& enabled) {
  const auto handle = [&](const HttpRequest& request) {
    if (!enabled.load(std::memory_order_relaxed)) {
      return HttpResponse::Text(
          404, "remote write receiver needs to be enabled with server.remote_write_receiver\n");
    }
    if (!IsWriteRequest(request)) {
      return HttpResponse::Text(
          415, "expected a remote-write 1.0 message: application/x-protobuf, snappy\n");
    }
    const WriteOutcome outcome = ReceiveWrite(request.body, store);
    if (outcome.status == 204) return HttpResponse::Text(204, "");
    return HttpResponse::Text(outcome.status, outcome.message + "\n");
  };
  return {"/api/v1/write", {"POST"}, Waits::kMaybe, handle, kLargestBody};
}

}  // namespace tocsin::api
