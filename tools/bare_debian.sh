# A bare Debian 12 in a folder, to be sourced; needs root, debootstrap, and what this machine's apt can reach.
# shellcheck shell=bash

readonly debian_suite=bookworm

# The address of the archive that this machine's apt uses; its files spell it in more than one way.
debian_mirror() {
  # shellcheck disable=SC2016  # The fields are apt's.
  apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' "Origin: Debian" |
    awk -v suite="$debian_suite" '$2 == suite && $3 == "main" { print $1; exit }'
}

# make_bare_debian ROOT LOG: nothing is mounted in it, and its apt asks the archives of Debian that ours asks.
make_bare_debian() {
  local root=$1 log=$2 mirror
  mirror=$(debian_mirror)
  if [[ -z $mirror ]]; then
    echo "apt knows no archive of Debian $debian_suite" >&2
    return 1
  fi
  if ! debootstrap --variant=minbase "$debian_suite" "$root" "$mirror" >"$log" 2>&1; then
    echo "debootstrap failed: $(tail -n 3 "$log")" >&2
    return 1
  fi
  find /etc/apt \( -name '*.list' -o -name '*.sources' \) -exec grep -lZF "${mirror%/}" {} + |
    xargs --null cp --target-directory "$root/etc/apt/sources.list.d/"
  rm -f "$root/etc/apt/sources.list"
  cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
}
