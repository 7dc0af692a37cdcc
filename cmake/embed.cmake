include(${CMAKE_CURRENT_LIST_DIR}/include_binary.cmake)

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
