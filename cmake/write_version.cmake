# Writes OUTPUT from exporter/version.cc.in. Run by the target tocsin_write_version.
set(TOCSIN_REVISION unknown)
if(NOT "$ENV{TOCSIN_REVISION}" STREQUAL "")
  set(TOCSIN_REVISION $ENV{TOCSIN_REVISION})  # For those who build from sources without their history.
endif()
# Only a checkout of tocsin itself counts: sources unpacked below someone else's repository are not at its commit.
if(EXISTS ${SOURCE_DIR}/.git)
  find_program(GIT git)
  if(GIT)
    execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} describe --always --abbrev=12 --dirty --exclude=*
      OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    if(NOT failed)
      set(TOCSIN_REVISION ${described})
    endif()
  endif()
endif()
configure_file(${SOURCE_DIR}/exporter/version.cc.in ${OUTPUT} @ONLY)
