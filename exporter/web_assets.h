// The files of the web page, as CMake has built them into the binary.

#pragma once

#include <span>
#include <string_view>

namespace tocsin {

struct WebAsset {
  std::string_view name;  ///< "app.js".
  std::string_view content;
};

/// All of them, by name.
std::span<const WebAsset> WebAssets();

}  // namespace tocsin
