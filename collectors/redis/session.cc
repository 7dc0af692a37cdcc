#include "collectors/redis/session.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tocsin::collectors {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
/// Of what a server says in a message of ours.
constexpr std::size_t kMostErrorText = 200;

/// What an error means for the whole session, whichever command it answers.
struct Verdict {
  std::string_view code;
  ErrorCode meaning;
  std::string_view why;  ///< What the operator should know beside the server's words.
};

/// Source: Redis documentation, "Redis cluster specification", "ACL"; src/server.c,
/// createSharedObjects().
constexpr std::array kVerdicts = {
    Verdict{"LOADING", ErrorCode::kUnavailable, ""},
    Verdict{"MASTERDOWN", ErrorCode::kUnavailable, ""},
    Verdict{"BUSY", ErrorCode::kUnavailable, ""},
    Verdict{"READONLY", ErrorCode::kUnavailable, ""},
    Verdict{"MOVED", ErrorCode::kUnavailable, "another node of the cluster has this key"},
    Verdict{"ASK", ErrorCode::kUnavailable, "another node of the cluster takes over this key"},
    Verdict{"TRYAGAIN", ErrorCode::kUnavailable, ""},
    Verdict{"CLUSTERDOWN", ErrorCode::kUnavailable, ""},
    Verdict{"NOAUTH", ErrorCode::kDenied, "a password is needed"},
    Verdict{"WRONGPASS", ErrorCode::kDenied, ""},
    Verdict{"DENIED", ErrorCode::kDenied, "the server is in protected mode"},
};

/// A server's words in one line of bounded length.
std::string Plain(std::string_view text) {
  std::string plain(text.substr(0, kMostErrorText));
  std::replace_if(
      plain.begin(), plain.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
  return plain;
}

std::optional<Error> VerdictOn(const RedisReply& reply) {
  for (const Verdict& verdict : kVerdicts) {
    if (!reply.HasCode(verdict.code)) continue;
    const Error error{verdict.meaning, "the server says " + Plain(reply.text)};
    return verdict.why.empty() ? error : error.Within(verdict.why);
  }
  if (reply.is_error() && reply.text.starts_with("ERR max number of clients")) {
    return Error{ErrorCode::kUnavailable, "the server says " + Plain(reply.text)};
  }
  return std::nullopt;
}

/// `command` as the protocol spells it, whatever bytes are in it.
void Append(std::string& out, const RedisCommand& command) {
  out += '*';
  out += std::to_string(command.size());
  out += "\r\n";
  for (const std::string& argument : command) {
    out += '$';
    out += std::to_string(argument.size());
    out += "\r\n";
    out += argument;
    out += "\r\n";
  }
}

std::vector<RedisCommand> LogIn(const RedisOptions& options, const Secret& password) {
  std::vector<RedisCommand> commands;
  if (!options.username.empty()) {
    commands.push_back({"AUTH", options.username, password.Reveal()});
  } else if (!password.empty()) {
    commands.push_back({"AUTH", password.Reveal()});
  }
  if (options.database != 0) commands.push_back({"SELECT", std::to_string(options.database)});
  // For whoever looks at CLIENT LIST. It may be forbidden: the answer does not matter.
  commands.push_back({"CLIENT", "SETNAME", "tocsin"});
  return commands;
}

bool IsWouldBlock(int reason) {
  static_assert(EAGAIN == EWOULDBLOCK);  // On Linux they are one.
  return reason == EAGAIN || reason == EINTR;
}

}  // namespace

RedisSession::RedisSession(FileDescriptor socket, const RedisOptions& options,
                           const Secret& password)
    : socket_(std::move(socket)),
      needs_select_(options.database != 0),
      needs_password_(!options.username.empty() || !password.empty()) {
  Send(LogIn(options, password));
}

Duration RedisSession::Waiting() const {
  if (!waiting_since_) return Duration(0);
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - *waiting_since_);
}

Status RedisSession::MakeReady(const Attempt& attempt) {
  if (replies_.size() < expected_) {
    if (Status finished = AwaitReplies(attempt); !finished) return finished;
  }
  if (!is_logged_in_) {
    if (Status judged = JudgeLogIn(); !judged) return Die(judged.error());
    is_logged_in_ = true;
  }
  if (!IsSilent()) return Lost("the server has closed the connection or sent what was not asked");
  return {};
}

Result<std::vector<RedisReply>> RedisSession::Run(std::span<const RedisCommand> commands,
                                                  const Attempt& attempt) {
  assert(is_logged_in_ && !is_dead_);
  Send(commands);
  if (Status answered = AwaitReplies(attempt); !answered) return answered.error();
  for (const RedisReply& reply : replies_) {
    const std::optional<Error> verdict = VerdictOn(reply);
    if (!verdict) continue;
    // The next log-in may have another password.
    if (verdict->code == ErrorCode::kDenied) return Die(*verdict);
    return *verdict;
  }
  expected_ = 0;
  return std::exchange(replies_, {});
}

void RedisSession::Send(std::span<const RedisCommand> commands) {
  unsent_.clear();
  sent_ = 0;
  for (const RedisCommand& command : commands) Append(unsent_, command);
  expected_ = commands.size();
  replies_.clear();
  replies_.reserve(expected_);
  reader_.StartOver();
}

/// Writes what is left to write and reads until all replies are there.
Status RedisSession::AwaitReplies(const Attempt& attempt) {
  const SocketWait wait(attempt);
  if (Status written = WriteSome(); !written) return written;
  while (replies_.size() < expected_) {
    const bool all_sent = sent_ == unsent_.size();
    if (!wait.For(socket_.get(), all_sent ? POLLIN : POLLIN | POLLOUT)) {
      if (!waiting_since_) waiting_since_ = std::chrono::steady_clock::now();
      return Error{ErrorCode::kTimeout,
                   is_logged_in_ ? "no answer in time" : "no answer to the log-in in time"};
    }
    if (Status written = WriteSome(); !written) return written;
    if (Status read = ReadSome(); !read) return read;
  }
  unsent_.clear();
  sent_ = 0;
  waiting_since_.reset();
  if (reader_.HasMore()) {
    return Die({ErrorCode::kCorrupt, "the server sent more answers than it was asked for"});
  }
  return {};
}

Status RedisSession::WriteSome() {
  while (sent_ < unsent_.size()) {
    const ssize_t written =
        ::send(socket_.get(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
    if (written < 0 && IsWouldBlock(errno)) return {};
    if (written < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};  // Reading says why.
    if (written < 0) return Lost(std::system_category().message(errno));
    sent_ += static_cast<std::size_t>(written);
  }
  return {};
}

Status RedisSession::ReadSome() {
  std::array<char, kReadBytes> buffer;  // Not initialised: it is filled in.
  const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && IsWouldBlock(errno)) return {};
  if (got < 0) return Lost(std::system_category().message(errno));
  if (got == 0) return Lost("the server has closed the connection");
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  if (Status fed = reader_.Feed(bytes); !fed) return Die(fed.error());
  return TakeReplies();
}

Status RedisSession::TakeReplies() {
  while (replies_.size() < expected_) {
    Result<std::optional<RedisReply>> reply = reader_.Next();
    if (!reply) return Die(reply.error());
    if (!*reply) return {};
    replies_.push_back(std::move(**reply));
  }
  return {};
}

/// Answers to AUTH are never shown: in "unknown command" Redis repeats the arguments.
Status RedisSession::JudgeLogIn() const {
  for (const RedisReply& reply : replies_) {
    if (const std::optional<Error> verdict = VerdictOn(reply)) return *verdict;
  }
  if (needs_password_ && replies_.front().is_error()) {
    return Error{ErrorCode::kDenied, "the server refuses the log-in"};
  }
  const RedisReply& selected = replies_[needs_password_ ? 1 : 0];
  if (!needs_select_ || !selected.is_error()) return {};
  const bool is_forbidden = selected.HasCode("NOPERM");
  return Error{is_forbidden ? ErrorCode::kDenied : ErrorCode::kInvalidInput,
               "selecting the database: " + Plain(selected.text)};
}

/// Whether nothing has come since the last answer: neither an end nor stray bytes, which would be
/// taken for the next answer.
bool RedisSession::IsSilent() const {
  char byte = 0;
  return ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && IsWouldBlock(errno);
}

Error RedisSession::Die(Error error) {
  is_dead_ = true;
  return error;
}

/// The end of the connection. If the server said why before it hung up, that is the reason.
Error RedisSession::Lost(std::string_view what) {
  for (const RedisReply& reply : replies_) {
    if (const std::optional<Error> verdict = VerdictOn(reply)) return Die(*verdict);
  }
  return Die({ErrorCode::kUnavailable, std::string(what)});
}

}  // namespace tocsin::collectors
