// What tocsin tells whoever has started it and looks after it.

#pragma once

#include <string>
#include <string_view>

namespace tocsin {

/// The line to systemd, by the protocol of sd_notify(3). Does nothing where nobody listens: not
/// under systemd, or in a unit whose Type= is not notify. Never waits for the other end. Safe for
/// concurrent use.
class ServiceManager {
 public:
  /// `socket` is what NOTIFY_SOCKET holds: a path, or a name in the abstract namespace that begins
  /// with '@'; null or empty for nobody.
  explicit ServiceManager(const char* socket);
  ServiceManager() = delete;

  /// Whether there is an address to write to.
  bool is_there() const { return !address_.empty(); }

  /// From now on it serves; `status` is one line for people, shown by `systemctl status`.
  void TellReady(std::string_view status) const;
  /// It reads its configuration again; to be followed by TellReady().
  void TellReloading() const;
  void TellStopping() const;

 private:
  void Tell(std::string_view message) const;

  std::string address_;
};

}  // namespace tocsin
