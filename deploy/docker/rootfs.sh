#!/usr/bin/env bash
# rootfs.sh PROGRAM FOLDER: makes FOLDER a root for tocsin alone. It gets PROGRAM and the libraries that it is linked
# with, certificates, time zones, the rules, and a configuration. Run it where PROGRAM runs, in the repository.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$1
root=$2

# The files that the loader would map: "NAME => PATH (ADDRESS)", and the loader itself as "PATH (ADDRESS)".
libraries() {
  ldd "$program" | grep -oE '/[^ ]+' | sort -u
}

# What is in /lib is below /usr/lib in truth. A library keeps the name by which it is asked for.
copy_library() {
  local path=$1
  [[ $path == /usr/* ]] || path=/usr$path
  install -D --mode 644 "$(realpath "$1")" "$root$path"
}

# The package of a file. dpkg may know it by the name without /usr.
package_of() {
  local path=${1#/usr}
  { dpkg-query --search "/usr$path" 2>/dev/null || dpkg-query --search "$path" 2>/dev/null; } | head -n 1 | cut -d: -f1
}

# For scanners, as images without a package manager do it: a file for each package.
tell_package() {
  local package
  package=$(package_of "$1")
  [[ -n $package ]] || return 0
  dpkg-query --status "$package" | grep -v '^Conffiles:\|^ /' >"$root/var/lib/dpkg/status.d/$package"
}

main() {
  local library
  mkdir -p "$root"/{etc/ssl/certs,etc/tocsin,tmp,usr/bin,usr/lib,usr/lib64,usr/share/tocsin,var/lib/dpkg/status.d}
  ln -s usr/lib "$root/lib"
  ln -s usr/lib64 "$root/lib64"
  chmod 1777 "$root/tmp"

  strip --strip-unneeded -o "$root/usr/bin/tocsin" "$program"
  chmod 755 "$root/usr/bin/tocsin"
  while read -r library; do
    copy_library "$library"
    tell_package "$library"
  done < <(libraries)
  chmod 755 "$root"/usr/lib64/ld-linux* "$root"/usr/lib/ld-linux* 2>/dev/null || true

  cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  cp --dereference /etc/ssl/openssl.cnf "$root/etc/ssl/"
  mkdir -p "$root/usr/lib/ssl"  # Where OpenSSL looks for both.
  ln -s /etc/ssl/certs /etc/ssl/openssl.cnf "$root/usr/lib/ssl/"
  cp --recursive --no-dereference /usr/share/zoneinfo "$root/usr/share/"
  rm -rf "$root"/usr/share/zoneinfo/{posix,right}  # The same again, and with leap seconds, which nobody asks for.
  tell_package /usr/share/zoneinfo/UTC

  echo 'root:x:0:0:root:/:/nonexistent' >"$root/etc/passwd"
  echo 'tocsin:x:65532:65532:tocsin:/var/lib/tocsin:/nonexistent' >>"$root/etc/passwd"
  printf 'root:x:0:\ntocsin:x:65532:\n' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

  cp "$repository/deploy/docker/tocsin.yaml" "$root/etc/tocsin/"
  (cd "$repository" && find alerts examples dashboards -type f \
    \( -name '*.yaml' -o -name '*.json' -o -path 'examples/*' \) -not -path '*/tests/*' -not -path '*/specs/*' \
    -exec cp --parents {} "$root/usr/share/tocsin/" \;)
}

main
