// Waiting for what another thread or process does.

#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace tocsin {

/// Looks again and again until `holds`. False if it did not within the patience of a test.
inline bool AwaitThat(const std::function<bool()>& holds) {
  constexpr auto kPatience = std::chrono::seconds(60);
  constexpr auto kBetweenLooks = std::chrono::milliseconds(20);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return true;
}

}  // namespace tocsin
