# tocsin_version(TARGET) adds exporter/version.cc to TARGET. The file is made at build time, not at configure
# time, so that a build after a commit names that commit; it is only touched when its contents change.
function(tocsin_version target)
  set(generated ${PROJECT_BINARY_DIR}/generated/version.cc)
  add_custom_target(tocsin_write_version
    COMMAND ${CMAKE_COMMAND} -DTOCSIN_VERSION=${PROJECT_VERSION} -DSOURCE_DIR=${PROJECT_SOURCE_DIR}
            -DOUTPUT=${generated} -P ${PROJECT_SOURCE_DIR}/cmake/write_version.cmake
    BYPRODUCTS ${generated}
    COMMENT "Looking up the revision")
  target_sources(${target} PRIVATE ${generated})
  add_dependencies(${target} tocsin_write_version)
endfunction()
