# Writes OUTPUT, the C++ of exporter/web_assets.h, for the files in FOLDER. Run by tocsin_embed_web_page().
include(${CMAKE_CURRENT_LIST_DIR}/include_binary.cmake)

file(GLOB paths ${FOLDER}/*)
set(declarations "")
set(rows "")
set(number 0)
foreach(path IN LISTS paths)
  get_filename_component(name ${path} NAME)
  set(symbol tocsin_web_asset_${number})
  tocsin_include_binary(declarations ${symbol} ${path})
  string(APPEND rows "      {\"${name}\", {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by cmake/write_web_assets.cmake.
#include \"exporter/web_assets.h\"

#include <cstddef>

${declarations}
namespace tocsin {

std::span<const WebAsset> WebAssets() {
  static const WebAsset kAssets[] = {
${rows}  };
  return kAssets;
}

}  // namespace tocsin
")
