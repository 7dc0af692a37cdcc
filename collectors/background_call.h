// A call of a library that cannot be interrupted, made beside us so that we can stop waiting for
// it.

#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/result.h"
#include "collectors/collector.h"

namespace tocsin::collectors {

/// Runs one function on a thread of its own. getaddrinfo() and PQcancel() can hang for as long as a
/// name server or a stopped process pleases, and nothing makes them return: so the thread is
/// detached, owns all that it touches, and outlives this object if need be. One owner, one thread
/// at a time.
template <class T>
class BackgroundCall {
 public:
  /// Starts `call`, which must own what it uses. Fails with kUnavailable if there is no thread for
  /// it.
  static Result<BackgroundCall> Start(std::function<T()> call) {
    BackgroundCall started;
    try {
      std::thread([shared = started.shared_, call = std::move(call)] {
        T value = call();
        const std::lock_guard lock(shared->mutex);
        shared->value = std::move(value);
        shared->finished.notify_all();
      }).detach();
    } catch (const std::system_error& problem) {  // What std::thread throws at its limits.
      return Error{ErrorCode::kUnavailable, std::string("starting a thread: ") + problem.what()};
    }
    return started;
  }

  bool IsFinished() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->value.has_value();
  }

  /// Waits for the end of the call; null if the attempt is over before.
  const T* Wait(const Attempt& attempt) const {
    std::unique_lock lock(shared_->mutex);
    shared_->finished.wait_until(lock, attempt.stop, attempt.deadline,
                                 [&] { return shared_->value.has_value(); });
    return shared_->value ? &*shared_->value : nullptr;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable_any finished;
    std::optional<T> value;  // Never changes once it is there.
  };

  BackgroundCall() = default;

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace tocsin::collectors
