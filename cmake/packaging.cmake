# What `cmake --install` puts below its prefix, and the Debian package that `cpack` makes of it.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # Neither needs the tests.
set(TOCSIN_PACKAGE_MAINTAINER "The tocsin authors <tocsin@localhost>" CACHE STRING "Whom the Debian package names")

install(TARGETS tocsin RUNTIME DESTINATION bin)
install(FILES deploy/man/tocsin.1 DESTINATION share/man/man1)
install(FILES deploy/completions/tocsin.bash DESTINATION share/bash-completion/completions RENAME tocsin)
install(FILES deploy/completions/_tocsin DESTINATION share/zsh/site-functions)
install(FILES deploy/completions/tocsin.fish DESTINATION share/fish/vendor_completions.d)
install(DIRECTORY alerts DESTINATION share/tocsin FILES_MATCHING PATTERN "*.yaml" PATTERN tests EXCLUDE)
install(DIRECTORY examples DESTINATION share/tocsin)
install(DIRECTORY dashboards DESTINATION share/tocsin OPTIONAL
  FILES_MATCHING PATTERN "*.json" PATTERN specs EXCLUDE)
install(FILES deploy/systemd/tocsin.yaml DESTINATION share/tocsin)
install(DIRECTORY docs/ DESTINATION share/doc/tocsin FILES_MATCHING PATTERN "*.md" PATTERN "*.png" PATTERN "*.svg")
install(FILES README.md CHANGELOG.md LICENSE SECURITY.md DESTINATION share/doc/tocsin)

# The units name the program by its whole path, which is known only now.
install(CODE "
  foreach(unit tocsin.service tocsin.socket)
    file(READ \"${PROJECT_SOURCE_DIR}/deploy/systemd/\${unit}\" text)
    string(REPLACE \"/usr/bin/tocsin\" \"\${CMAKE_INSTALL_PREFIX}/bin/tocsin\" text \"\${text}\")
    string(REPLACE \"/usr/share/doc\" \"\${CMAKE_INSTALL_PREFIX}/share/doc\" text \"\${text}\")
    set(target \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/\${unit}\")
    message(STATUS \"Installing: \${target}\")
    file(WRITE \"\${target}\" \"\${text}\")
  endforeach()
")

set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_NAME tocsin)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "${TOCSIN_PACKAGE_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "alarm bell for data platforms, with Prometheus' rules")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"tocsin watches services of data platforms from the outside: it reads what they
do not export themselves, serves it to Prometheus, evaluates Prometheus' alert
rules on its own, and notifies Slack, PagerDuty, webhooks, e-mail or an
Alertmanager.
.
The package comes with rules for the watched systems, examples, and a hardened
systemd unit that is not enabled by itself.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Certificates to check those of servers by; names of time zones for mute times.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, prometheus-alertmanager")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/deploy/debian/conffiles ${PROJECT_SOURCE_DIR}/deploy/debian/postinst
  ${PROJECT_SOURCE_DIR}/deploy/debian/prerm ${PROJECT_SOURCE_DIR}/deploy/debian/postrm)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian_layout.cmake)
set(CPACK_TOCSIN_SOURCE_DIR ${PROJECT_SOURCE_DIR})
include(CPack)
