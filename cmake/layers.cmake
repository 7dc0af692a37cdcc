# tocsin_library(NAME DEPENDS layer... LIBRARIES third-party... HEADERS header...)
#
# A folder's library: every .cc below the folder, except main.cc. It may only link the layers named in DEPENDS;
# tools/check_layers.py holds #include lines to the same rule. Sources are globbed on purpose: a file that no list
# mentions would silently not be built. HEADERS are precompiled beside the common ones.
function(tocsin_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;LIBRARIES;HEADERS")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(tocsin_${name} STATIC ${sources})
  target_include_directories(tocsin_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_features(tocsin_${name} PUBLIC cxx_std_20)
  target_link_libraries(tocsin_${name} PRIVATE tocsin_warnings)
  foreach(layer IN LISTS arg_DEPENDS)
    target_link_libraries(tocsin_${name} PUBLIC tocsin_${layer})
  endforeach()
  target_link_libraries(tocsin_${name} PUBLIC ${arg_LIBRARIES})
  tocsin_precompile(tocsin_${name} ${tocsin_common_headers} ${arg_HEADERS})
endfunction()

# tocsin_test(NAME DEPENDS layer...) builds tests/NAME/**/*_test.cc into one program, NAME_test, and one
# ctest. It globs for the same reason.
function(tocsin_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cc)
  add_executable(${name}_test ${PROJECT_SOURCE_DIR}/tests/main.cc ${sources})
  target_link_libraries(${name}_test PRIVATE tocsin_warnings tocsin_test_support Boost::unit_test_framework)
  foreach(layer IN LISTS arg_DEPENDS)
    target_link_libraries(${name}_test PRIVATE tocsin_${layer})
  endforeach()
  set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    # A third faster to compile; what is tested stays at -O2. For the warning see precompiled.cmake: g++ 12 takes
    # `text + "literal"` for an overflow, at -O1 by this name.
    target_compile_options(${name}_test PRIVATE -O1 -Wno-stringop-overflow)
  endif()
  # tests/main.cc says what unit_test.hpp is to contain.
  set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/main.cc PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  tocsin_precompile(${name}_test ${tocsin_common_headers} <boost/test/unit_test.hpp>)
  add_test(NAME ${name} COMMAND ${name}_test)
endfunction()
