# tocsin_embed(TARGET) builds the rule packs and the panel specifications into TARGET, byte for byte, behind
# exporter/generate/catalogue.h. They are globbed for the reason that layers.cmake gives. That they stand on the command
# line makes the file anew when one of them has gone, too.
function(tocsin_embed target)
  set(generated ${PROJECT_BINARY_DIR}/generated/catalogue.cc)
  foreach(folder alerts alerts/optional dashboards/specs)
    file(GLOB found CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/${folder}/*.yaml)
    list(APPEND files ${found})
  endforeach()
  list(JOIN files "|" words)
  list(TRANSFORM files PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} "-DFILES=${words}" -DOUTPUT=${generated}
            -P ${PROJECT_SOURCE_DIR}/cmake/write_catalogue.cmake
    DEPENDS ${paths} ${PROJECT_SOURCE_DIR}/cmake/write_catalogue.cmake
    VERBATIM
    COMMENT "Embedding rule packs and panel specifications")
  target_sources(${target} PRIVATE ${generated})
  set_source_files_properties(${generated} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()

# tocsin_embed_runbooks(TARGET) builds the pages of docs/runbooks into TARGET, behind exporter/packed_runbooks.h. Packed they
# are a quarter, and nearly all of them are never looked at.
function(tocsin_embed_runbooks target)
  set(packed ${PROJECT_BINARY_DIR}/generated/runbooks.zst)
  set(generated ${PROJECT_BINARY_DIR}/generated/packed_runbooks.cc)
  file(GLOB paths CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/runbooks/*.md)
  list(JOIN paths "|" words)
  add_custom_command(
    OUTPUT ${packed}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${words}" -DOUTPUT=${packed} -P ${PROJECT_SOURCE_DIR}/cmake/write_runbooks.cmake
    DEPENDS ${paths} ${PROJECT_SOURCE_DIR}/cmake/write_runbooks.cmake
    VERBATIM
    COMMENT "Packing runbooks")
  tocsin_include_binary(declarations tocsin_packed_runbooks ${packed})
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT "// Made by cmake/embed.cmake.
#include \"exporter/packed_runbooks.h\"

#include <cstddef>

@declarations@
namespace tocsin {

std::string_view PackedRunbooks() {
  return {tocsin_packed_runbooks,
          static_cast<std::size_t>(tocsin_packed_runbooks_end - tocsin_packed_runbooks)};
}

}  // namespace tocsin
")
  target_sources(${target} PRIVATE ${generated})
  set_source_files_properties(${generated} PROPERTIES SKIP_PRECOMPILE_HEADERS ON OBJECT_DEPENDS ${packed})
endfunction()

# tocsin_include_binary(OUT SYMBOL PATH) appends C++ to OUT that has the assembler put the bytes of PATH between SYMBOL and
# SYMBOL_end: a compiler would need longer for literals of that size than for all else.
function(tocsin_include_binary out symbol path)
  string(APPEND ${out}
    "asm(\".pushsection .rodata\\n${symbol}:\\n.incbin \\\"${path}\\\"\\n${symbol}_end:\\n.popsection\\n\");\n"
    "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
  set(${out} "${${out}}" PARENT_SCOPE)
endfunction()

# tocsin_embed_web_page(TARGET) builds the committed files of ui/dist into TARGET, byte for byte, behind
# exporter/web_assets.h. Nothing of npm is needed: `./dev ui` makes these files.
function(tocsin_embed_web_page target)
  set(generated ${PROJECT_BINARY_DIR}/generated/web_assets.cc)
  file(GLOB paths CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ui/dist/*)
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
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT "// Made by cmake/embed.cmake.
#include \"exporter/web_assets.h\"

#include <cstddef>

@declarations@
namespace tocsin {

std::span<const WebAsset> WebAssets() {
  static const WebAsset kAssets[] = {
@rows@  };
  return kAssets;
}

}  // namespace tocsin
")
  target_sources(${target} PRIVATE ${generated})
  set_source_files_properties(${generated} PROPERTIES SKIP_PRECOMPILE_HEADERS ON OBJECT_DEPENDS "${paths}")
endfunction()
