// A mail server that answers as a test wants it to.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "base/mutex.h"

namespace tocsin::notify {

/// Listens on a free port of the loopback and speaks SMTP without TLS. Safe for concurrent use.
class FakeMailServer {
 public:
  /// What is answered to commands that begin so, instead of what a good server says. "DATA." is the
  /// end of the mail, "" the beginning of the connection. An empty answer: none at all.
  using Answers = std::map<std::string, std::string>;

  explicit FakeMailServer(Answers answers = {})
      : answers_(std::move(answers)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_.get(), 8);
    socklen_t size = sizeof address;
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        if (HasInput(listener_.get())) {
          Serve(FileDescriptor(accept(listener_.get(), nullptr, nullptr)), stop);
        }
      }
    });
  }

  std::string port() const { return std::to_string(port_); }

  /// The lines that clients sent, but for mails.
  std::vector<std::string> commands() const {
    const MutexLock lock(mutex_);
    return commands_;
  }
  bool HasCommand(std::string_view beginning) const {
    for (const std::string& command : commands()) {
      if (command.starts_with(beginning)) return true;
    }
    return false;
  }
  /// The last mail.
  std::string mail() const {
    const MutexLock lock(mutex_);
    return mail_;
  }

 private:
  static bool HasInput(int socket) {
    pollfd polled{socket, POLLIN, 0};
    return poll(&polled, 1, 20) > 0;
  }

  static bool ReadLine(int socket, std::string& line, const std::stop_token& stop) {
    line.clear();
    char c = 0;
    while (!stop.stop_requested()) {
      if (!HasInput(socket)) continue;
      if (recv(socket, &c, 1, 0) != 1) return false;
      if (c == '\n') return true;
      if (c != '\r') line += c;
    }
    return false;
  }

  void Answer(int socket, const std::string& command, const std::string& otherwise) const {
    std::string answer = otherwise;
    for (const auto& [beginning, words] : answers_) {
      if (beginning.empty() ? command.empty() : command.starts_with(beginning)) answer = words;
    }
    if (answer.empty()) return;
    answer += "\r\n";
    send(socket, answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  void Serve(const FileDescriptor& socket, const std::stop_token& stop) {
    Answer(socket.get(), "", "220 fake");
    std::string line;
    bool was_auth = false;
    while (ReadLine(socket.get(), line, stop)) {
      {
        const MutexLock lock(mutex_);
        commands_.push_back(line);
      }
      if (line.starts_with("EHLO")) {
        Answer(socket.get(), line, "250-fake\r\n250 AUTH PLAIN");
      } else if (line == "DATA") {
        Answer(socket.get(), line, "354 go on");
        if (answers_.contains("DATA")) continue;
        TakeMail(socket.get(), stop);
      } else if (line == "QUIT") {
        Answer(socket.get(), line, "221 bye");
        return;
      } else {
        const bool is_auth = line == "AUTH PLAIN";
        Answer(socket.get(), line, is_auth ? "334 " : was_auth ? "235 welcome" : "250 ok");
        was_auth = is_auth;
      }
    }
  }

  void TakeMail(int socket, const std::stop_token& stop) {
    std::string line;
    std::string mail;
    while (ReadLine(socket, line, stop) && line != ".") mail += line + "\n";
    const MutexLock lock(mutex_);
    mail_ = mail;
    Answer(socket, "DATA.", "250 accepted");
  }

  const Answers answers_;
  FileDescriptor listener_;
  int port_ = 0;
  mutable Mutex mutex_;
  std::vector<std::string> commands_ TOCSIN_GUARDED_BY(mutex_);
  std::string mail_ TOCSIN_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace tocsin::notify
