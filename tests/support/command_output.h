// What a command of the command line writes and returns.

#pragma once

#include <iostream>
#include <ostream>
#include <sstream>
#include <string>

namespace tocsin {

/// What is written to a stream while this lives.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Captured() { stream_.rdbuf(before_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  std::string text() const { return text_.str(); }

 private:
  std::ostream& stream_;
  std::ostringstream text_;
  std::streambuf* const before_;
};

/// "STATUS OUTPUT" of a command, its errors after its output.
template <class Command>
std::string StatusAndOutput(const Command& command) {
  const Captured output(std::cout);
  const Captured errors(std::cerr);
  const int status = command();
  return std::to_string(status) + " " + output.text() + errors.text();
}

}  // namespace tocsin
