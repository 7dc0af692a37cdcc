# tocsin_precompile(TARGET HEADER...)
#
# Headers that nearly every file of a target includes, parsed once for all of them: that is more than half of the time
# that a compilation takes. Only a matter of time: files include what they use, which the presets without
# TOCSIN_PRECOMPILE_HEADERS, and with them every run of the linter, make sure of.
option(TOCSIN_PRECOMPILE_HEADERS "Parse common headers once per library" OFF)

set(tocsin_common_headers
  <algorithm> <array> <atomic> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <mutex> <optional> <set> <span>
  <stop_token> <string> <string_view> <thread> <unordered_map> <unordered_set> <utility> <variant> <vector> <fmt/format.h>)

function(tocsin_precompile target)
  if(NOT TOCSIN_PRECOMPILE_HEADERS)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache needs it to see which headers were precompiled.
    if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      # It takes `"literal" + string` for an overflow, and a precompiled header makes it forget that the place is in a
      # system header. The presets without them still ask.
      target_compile_options(${target} PRIVATE -Wno-array-bounds)
    endif()
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # For ccache again: what is precompiled must not depend on when.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()
