// What a collector keeps over restarts: counters and how far they have read.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/log.h"
#include "base/result.h"

namespace tocsin::collectors {

/// A JSON file that holds the state of each part of a collector, for one instance of what is
/// watched:
///
///     {"version": 1, "instance": "475d7848-...", "parts": {"daemons": {...}, ...}}
///
/// The state of another instance is kept beside it, as "PATH.of-475d7848-...", and taken up again
/// when that instance is back. One thread at a time. `log` outlives it.
class CounterState {
 public:
  /// An empty `path` keeps nothing.
  CounterState(std::filesystem::path path, const Log& log) : path_(std::move(path)), log_(log) {}

  /// The state of each part of `instance` as last saved; empty if there is none. "" is an instance
  /// that does not tell who it is: it is taken for the one that the file is about, and a file about
  /// "" is anybody's. A file that does not parse is renamed to "*.corrupt" and logged, and counting
  /// starts anew. Fails when there is a file that cannot be read or renamed (kDenied, kUnavailable,
  /// kTooLarge): what it holds may be good, so it must be tried again, and nothing can be saved
  /// until it succeeds.
  Result<boost::json::object> Load(std::string_view instance);

  /// Makes the file say this. Does nothing when it says so already. Waits for the disk. Refuses
  /// with kUnavailable unless the last Load() was of this instance and succeeded.
  Status Save(std::string_view instance, const boost::json::object& parts);

  /// What was loaded for "" turns out to be for `instance`. False, and nothing has changed, if it
  /// is another's: then Load() that of `instance`.
  bool Adopt(std::string_view instance);

 private:
  Result<boost::json::object> LoadFile(std::string_view instance);
  Result<boost::json::object> TakeBack(std::string_view instance);
  Status SetAsideCorrupt(std::string_view why);
  Status SetAsideOther(std::string_view other);
  std::filesystem::path PathOf(std::string_view instance) const;

  const std::filesystem::path path_;
  const Log& log_;
  std::optional<std::string> loaded_;  // Whose state may be saved.
  std::string owner_;                  // Whom the file is about.
  std::string last_saved_;
};

}  // namespace tocsin::collectors
