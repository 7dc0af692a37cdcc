# Run by cpack on what was installed for the package: moves and packs what Debian wants elsewhere.
set(root ${CPACK_TEMPORARY_DIRECTORY})
set(doc ${root}/usr/share/doc/tocsin)
set(deploy ${CPACK_TOCSIN_SOURCE_DIR}/deploy)

function(tocsin_gzip file)
  execute_process(COMMAND gzip -9n ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(MAKE_DIRECTORY ${root}/etc/tocsin/secrets ${root}/lib/systemd ${root}/usr/share/zsh
     ${root}/usr/share/lintian/overrides)
file(CHMOD ${root}/etc/tocsin/secrets PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
file(RENAME ${root}/usr/share/tocsin/tocsin.yaml ${root}/etc/tocsin/tocsin.yaml)
file(RENAME ${root}/usr/lib/systemd/system ${root}/lib/systemd/system)
file(REMOVE_RECURSE ${root}/usr/lib)
file(RENAME ${root}/usr/share/zsh/site-functions ${root}/usr/share/zsh/vendor-completions)
tocsin_gzip(${root}/usr/share/man/man1/tocsin.1)

file(REMOVE ${doc}/LICENSE)
file(COPY ${deploy}/debian/copyright DESTINATION ${doc})
file(COPY_FILE ${deploy}/debian/lintian-overrides ${root}/usr/share/lintian/overrides/tocsin)
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
tocsin_gzip(${doc}/changelog)

# Debian's own changelog, dated as the sources are, so that one commit makes one package.
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(date @$ENV{SOURCE_DATE_EPOCH})
else()
  execute_process(COMMAND git -C ${CPACK_TOCSIN_SOURCE_DIR} log -1 --format=@%ct
    OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT date)
  set(date now)
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C date --utc --rfc-email --date=${date}
  OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(WRITE ${doc}/changelog.Debian
"tocsin (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Made by cpack from the sources; changelog.gz tells what has changed.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
tocsin_gzip(${doc}/changelog.Debian)
