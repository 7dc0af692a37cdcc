option(TOCSIN_BUILD_WEB_PAGE "Build the web page from ui/src where node and the packages of ui/package-lock.json are" ON)

# tocsin_find_page_builder(OUT) sets OUT to the node that can build the page here, or to "", and says which it is. Nothing is
# ever fetched.
function(tocsin_find_page_builder out)
  set(${out} "" PARENT_SCOPE)
  # Either of them may come, go or change between two builds. Globbed, for a file that is waited for makes every build configure.
  file(GLOB locks CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ui/node_modules/.package-lock.json)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/ui/package-lock.json ${locks})
  if(NOT TOCSIN_BUILD_WEB_PAGE)
    message(STATUS "Web page: the committed ui/dist (TOCSIN_BUILD_WEB_PAGE is off)")
    return()
  endif()
  if(TOCSIN_NODE AND NOT EXISTS "${TOCSIN_NODE}")
    unset(TOCSIN_NODE CACHE)
  endif()
  find_program(TOCSIN_NODE NAMES node nodejs DOC "Builds the web page" NO_DEFAULT_PATH PATHS ENV PATH)
  if(NOT TOCSIN_NODE)
    message(STATUS "Web page: the committed ui/dist (node is not here)")
    return()
  endif()
  execute_process(COMMAND ${TOCSIN_NODE} ${PROJECT_SOURCE_DIR}/ui/installed.mjs
    RESULT_VARIABLE status OUTPUT_VARIABLE why ERROR_VARIABLE why OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(STATUS "Web page: the committed ui/dist (${why}; ./dev ui installs what a build from ui/src needs)")
    return()
  endif()
  message(STATUS "Web page: built from ui/src by ${TOCSIN_NODE}")
  set(${out} ${TOCSIN_NODE} PARENT_SCOPE)
endfunction()

# tocsin_embed_web_page(TARGET) builds the files of the web page into TARGET, byte for byte, behind exporter/web_assets.h: what
# ui/build.mjs makes of ui/src where it can be run, so that a change is seen, and else the same as it is committed in ui/dist.
function(tocsin_embed_web_page target)
  set(generated ${PROJECT_BINARY_DIR}/generated/web_assets.cc)
  set(script ${PROJECT_SOURCE_DIR}/cmake/write_web_assets.cmake)
  set(ui ${PROJECT_SOURCE_DIR}/ui)
  tocsin_find_page_builder(node)
  if(node)
    set(folder ${PROJECT_BINARY_DIR}/generated/web_page)
    file(GLOB_RECURSE inputs CONFIGURE_DEPENDS ${ui}/src/* ${ui}/static/*)
    list(APPEND inputs ${ui}/build.mjs ${ui}/package-lock.json ${ui}/tsconfig.json ${ui}/node_modules/.package-lock.json)
    set(build COMMAND ${node} ${ui}/build.mjs ${folder})
  else()
    set(folder ${ui}/dist)
    file(GLOB inputs CONFIGURE_DEPENDS ${ui}/dist/*)
    set(build "")
  endif()
  # That it stands on the command line makes the page anew when one of them has gone, too.
  string(SHA1 names "${inputs}")
  add_custom_command(
    OUTPUT ${generated}
    ${build}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${generated} -DINPUTS=${names} -P ${script}
    DEPENDS ${inputs} ${script} ${PROJECT_SOURCE_DIR}/cmake/include_binary.cmake
    VERBATIM
    COMMENT "Embedding the web page")
  target_sources(${target} PRIVATE ${generated})
  set_source_files_properties(${generated} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
