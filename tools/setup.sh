#!/usr/bin/env bash
# tools/setup.sh GROUP...: installs from Debian what the groups of tools/packages need and is not there by any means.
# Asks nothing, and does nothing when all is there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Version $1 is at least version $2.
at_least() {
  [[ $(printf '%s\n' "$2" "$1" | sort --version-sort | head -n 1) == "$2" ]]
}

has_command() {
  local name=$1 wanted=${2:-} found
  command -v "$name" >/dev/null || return 1
  [[ -n $wanted ]] || return 0
  found=$("$name" --version 2>&1 | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1) || return 1
  at_least "$found" "$wanted"
}

has_path() {
  compgen -G "/usr/$1" >/dev/null || compgen -G "/usr/local/$1" >/dev/null
}

# Does the probe of one line of tools/packages find what it looks for?
is_there() {
  local kind=$1
  shift
  case $kind in
    command) has_command "$@" ;;
    module) command -v pkg-config >/dev/null && pkg-config --exists "$1" ;;
    path) has_path "$1" ;;
    python) python3 -c "import $1" 2>/dev/null ;;
    *) echo "tools/packages: unknown probe '$kind'" >&2 && exit 2 ;;
  esac
}

# The packages of the groups $@ that are missing, one per line.
missing_packages() {
  local installed group package probe
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' 2>/dev/null || true)
  while read -r group package probe; do
    [[ " $* " == *" $group "* ]] || continue
    grep -qxF "installed $package" <<<"$installed" && continue
    # shellcheck disable=SC2086  # A probe is several words.
    is_there $probe || echo "$package"
  done < <(grep -v '^#' "$here/packages") | sort -u
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "setup: installing needs root, and sudo is not here. As root, run: apt-get install ${*:2}" >&2
    return 1
  fi
}

main() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "setup: this is not Debian. Install what these Debian packages hold: ${missing[*]}" >&2
    return 1
  fi
  echo "setup: installing from Debian: ${missing[*]}"
  as_root "$here/install_packages.sh" "${missing[@]}"
}

main "$@"
