#include "base/http_answer_reader.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/http_problem.h"

namespace tocsin {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view kBeginning = "HTTP/";
// Beast throws at names and values that are longer than fit 16 bits.
constexpr std::size_t kMostField = std::numeric_limits<std::uint16_t>::max();

/// "100 Continue" and its like: the answer is still to come.
bool IsInterim(unsigned status) {
  return status >= 100 && status < 200;
}

/// Where the head ends that `bytes` begin with, looked for from `from` on.
std::size_t EndOfHead(std::string_view bytes, std::size_t from) {
  for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    std::string_view next = bytes.substr(at + 1, 2);
    if (next.starts_with('\r')) next.remove_prefix(1);
    if (next.starts_with('\n')) return static_cast<std::size_t>(next.data() - bytes.data()) + 1;
  }
  return std::string_view::npos;
}

/// `head` as Beast wants it: lines that end in CRLF, and a blank after the status. Servers that
/// were written by hand know of neither.
std::string Tidied(std::string_view head) {
  constexpr std::size_t kStatusEnd = std::string_view("HTTP/1.1 200").size();
  std::string tidied;
  tidied.reserve(head.size() + 1);
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool lacks_blank = tidied.empty() && line.size() == kStatusEnd;
    tidied.append(line).append(lacks_blank ? " \r\n" : "\r\n");
  }
  return tidied;
}

}  // namespace

struct HttpAnswerReader::Impl {
  using Parser = http::response_parser<http::string_body>;

  explicit Impl(std::size_t most_bytes) : most(most_bytes) {}

  Status TakeHead();
  Status TakeBody();
  Result<std::size_t> Parse(std::string_view bytes);

  bool IsLimitOfBeast() const { return kMostField < most; }
  std::size_t MostHead() const { return std::min(most, kMostField); }

  /// A limit of ours is the server's fault; one of Beast's is not, and libcurl may do better.
  Error HeadTooLong() const {
    Error error = AnswerTooLong(MostHead());
    if (IsLimitOfBeast()) error.code = ErrorCode::kCorrupt;
    return error;
  }

  const std::size_t most;
  std::optional<Parser> parser;  // Once it has a head that is not that of an interim answer.
  std::string unread;
  std::size_t searched = 0;  // Of `unread`, for the end of the head.
  std::size_t interim = 0;   // Bytes of the heads of interim answers.
  bool has_begun = false;
};

/// Takes a head off `unread` if all of it is there.
Status HttpAnswerReader::Impl::TakeHead() {
  const std::string_view beginning = std::string_view(unread).substr(0, kBeginning.size());
  if (!kBeginning.starts_with(beginning)) return ExplainCurl(nullptr, CURLE_WEIRD_SERVER_REPLY);
  const std::size_t end = EndOfHead(unread, searched);
  if (interim + std::min(end, unread.size()) > MostHead()) return HeadTooLong();
  if (end == std::string::npos) {
    searched = unread.size() - std::min<std::size_t>(unread.size(), 2);
    return {};
  }
  const std::string head = Tidied(std::string_view(unread).substr(0, end));
  unread.erase(0, end);
  searched = 0;
  parser.emplace();
  parser->eager(true);
  parser->header_limit(std::numeric_limits<std::uint32_t>::max());
  parser->body_limit(most);
  if (Result<std::size_t> used = Parse(head); !used) return used.error();
  // What it has not taken for the end of the head, nothing that follows would complete.
  if (!parser->is_header_done()) return ExplainCurl(nullptr, CURLE_WEIRD_SERVER_REPLY);
  if (IsInterim(parser->get().result_int())) {
    interim += end;
    parser.reset();
  }
  return {};
}

/// Takes what there is off `unread`, but for a line of a chunk or a trailer that has no end yet.
Status HttpAnswerReader::Impl::TakeBody() {
  Result<std::size_t> used = Parse(unread);
  if (!used) return used.error();
  unread.erase(0, *used);
  if (!parser->is_done() && unread.size() > MostHead()) return HeadTooLong();
  return {};
}

/// How many of `bytes` are done with.
Result<std::size_t> HttpAnswerReader::Impl::Parse(std::string_view bytes) {
  boost::system::error_code problem;
  std::size_t used = 0;
  try {
    used = parser->put(boost::asio::buffer(bytes), problem);
  } catch (const std::length_error&) {  // A field of a trailer.
    return HeadTooLong();
  }
  if (!problem || problem == http::error::need_more) return used;
  if (problem == http::error::body_limit) return AnswerTooLong(most);
  return ExplainCurl(nullptr, CURLE_WEIRD_SERVER_REPLY);
}

HttpAnswerReader::HttpAnswerReader(std::size_t most_bytes)
    : impl_(std::make_unique<Impl>(most_bytes)) {}

HttpAnswerReader::~HttpAnswerReader() = default;

Status HttpAnswerReader::Take(std::string_view bytes) {
  if (bytes.empty()) return {};
  impl_->has_begun = true;
  impl_->unread += bytes;
  std::size_t before = 0;
  do {
    before = impl_->unread.size();
    Status taken = impl_->parser ? impl_->TakeBody() : impl_->TakeHead();
    if (!taken) return taken;
  } while (!is_complete() && !impl_->unread.empty() && impl_->unread.size() < before);
  return {};
}

Status HttpAnswerReader::TakeEnd() {
  boost::system::error_code problem = http::error::partial_message;
  if (impl_->parser) impl_->parser->put_eof(problem);
  if (problem) return ExplainCurl(nullptr, CURLE_PARTIAL_FILE);
  return {};
}

bool HttpAnswerReader::has_begun() const {
  return impl_->has_begun;
}

bool HttpAnswerReader::is_complete() const {
  return impl_->parser && impl_->parser->is_done();
}

bool HttpAnswerReader::keeps_connection() const {
  return impl_->parser->keep_alive() && impl_->unread.empty();
}

HttpAnswer HttpAnswerReader::TakeAnswer() {
  auto& message = impl_->parser->get();
  HttpAnswer answer{
      .status = static_cast<int>(message.result_int()),
      .headers = {},
      .body = std::move(message.body()),
      .is_framed = impl_->parser->chunked() || impl_->parser->content_length().has_value()};
  for (const auto& field : message) {
    answer.headers.emplace_back(field.name_string(), field.value());
  }
  return answer;
}

}  // namespace tocsin
