# Writes OUTPUT, the C++ of exporter/generate/catalogue.h, from FILES, paths below SOURCE_DIR with "|" between them.
# Run by tocsin_embed().

# The compiler is promised literals of up to 64 KiB only, so longer ones would be refused as "overlength". A file is cut
# into pieces of whole lines, which stand beside each other; the compilers that build tocsin join them at any length.
set(longest_piece 16000)
set(open "R\"tocsin(")
set(close ")tocsin\"")

# append_literal(OUT TEXT) appends TEXT to OUT as C++.
function(append_literal out text)
  set(made "${${out}}")
  string(LENGTH "${text}" left)
  while(left GREATER longest_piece)
    string(SUBSTRING "${text}" 0 ${longest_piece} piece)
    string(FIND "${piece}" "\n" end REVERSE)
    if(end EQUAL -1)
      message(FATAL_ERROR "a line of more than ${longest_piece} bytes cannot be embedded")
    endif()
    math(EXPR end "${end} + 1")
    string(SUBSTRING "${text}" 0 ${end} piece)
    string(SUBSTRING "${text}" ${end} -1 text)
    string(APPEND made "${open}${piece}${close}\n")
    string(LENGTH "${text}" left)
  endwhile()
  string(APPEND made "${open}${text}${close}")
  set(${out} "${made}" PARENT_SCOPE)
endfunction()

# append_function(OUT NAME FOLDER) appends the function that gives the files below FOLDER to OUT.
function(append_function out name folder)
  set(made "${${out}}")
  set(count 0)
  set(rows "")
  foreach(file IN LISTS FILES)
    if(NOT file MATCHES "^${folder}/(.*)$")
      continue()
    endif()
    set(below ${CMAKE_MATCH_1})
    file(READ ${SOURCE_DIR}/${file} text)
    if(text MATCHES "\\)tocsin\"")
      message(FATAL_ERROR "${file}: contains ${close}, which ends a literal")
    endif()
    string(APPEND rows "    {\"${below}\",\n")
    append_literal(rows "${text}")
    string(APPEND rows "},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  string(APPEND made "std::span<const EmbeddedFile> ${name}() {\n"
    "  static constexpr std::array<EmbeddedFile, ${count}> kFiles = {{\n${rows}  }};\n"
    "  return kFiles;\n}\n\n")
  set(${out} "${made}" PARENT_SCOPE)
endfunction()

string(REPLACE "|" ";" FILES "${FILES}")
list(SORT FILES)
string(CONCAT source "// Made by cmake/write_catalogue.cmake.\n#include \"exporter/generate/catalogue.h\"\n\n"
  "#include <array>\n\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\nnamespace tocsin::generate {\n\n")
append_function(source RulePacks alerts)
append_function(source DashboardSpecs dashboards/specs)
string(APPEND source "}  // namespace tocsin::generate\n")
file(WRITE ${OUTPUT} "${source}")
