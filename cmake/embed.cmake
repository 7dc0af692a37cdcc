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
