# tocsin_protobuf(TARGET FILE.proto) makes C++ of a message description and adds it to TARGET, under the path that the
# description has in the repository: #include "exporter/api/remote_write.pb.h".
function(tocsin_protobuf target proto)
  string(REGEX REPLACE "\\.proto$" "" name ${proto})
  set(generated ${PROJECT_BINARY_DIR}/generated/${name})
  cmake_path(GET generated PARENT_PATH folder)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${generated}.pb.cc ${generated}.pb.h
    COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR} --cpp_out=${PROJECT_BINARY_DIR}/generated
            ${PROJECT_SOURCE_DIR}/${proto}
    DEPENDS ${proto}
    COMMENT "Making C++ of ${proto}")
  target_sources(${target} PRIVATE ${generated}.pb.cc ${generated}.pb.h)
  # For clang-tidy, which looks at files that include it without building them.
  if(NOT TARGET tocsin_generated)
    add_custom_target(tocsin_generated)
  endif()
  string(MAKE_C_IDENTIFIER ${proto} unique)
  add_custom_target(tocsin_generated_${unique} DEPENDS ${generated}.pb.h)
  add_dependencies(tocsin_generated tocsin_generated_${unique})
  # Not ours to warn about.
  set_source_files_properties(${generated}.pb.cc PROPERTIES COMPILE_OPTIONS "-w")
  target_include_directories(${target} SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/generated)
endfunction()
