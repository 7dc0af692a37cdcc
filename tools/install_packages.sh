#!/usr/bin/env bash
# tools/install_packages.sh PACKAGE...: installs Debian packages, as root, and starts none of the servers in them:
# not now, not at the next boot, and without a PostgreSQL cluster that nobody asked for.
set -euo pipefail

readonly policy=/usr/sbin/policy-rc.d
readonly policy_kept=/usr/sbin/policy-rc.d.kept-by-tocsin
readonly clusters=/etc/postgresql-common/createcluster.d
readonly no_cluster=$clusters/tocsin-setup.conf
readonly servers=(postgresql prometheus)

# The policy that was there before waits under another name; one that a killed run has left is not lost either.
forbid_starting() {
  if [[ -e $policy && ! -e $policy_kept ]]; then
    mv "$policy" "$policy_kept"
  fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  mkdir -p "$clusters"
  echo 'create_main_cluster = false' >"$no_cluster"
}

allow_starting() {
  rm -f "$policy" "$no_cluster"
  if [[ -e $policy_kept ]]; then
    mv "$policy_kept" "$policy"
  fi
  rmdir --ignore-fail-on-non-empty "$clusters" "${clusters%/*}" 2>/dev/null || true
}

# Those of the servers that are not here yet: only they may be disabled afterwards.
absent_servers() {
  local server
  for server in "${servers[@]}"; do
    [[ -e /etc/init.d/$server ]] || echo "$server"
  done
}

keep_off_at_boot() {
  local server
  for server in "$@"; do
    [[ -e /etc/init.d/$server ]] || continue
    if command -v systemctl >/dev/null; then
      systemctl --quiet disable "$server" 2>/dev/null || true
    else
      update-rc.d "$server" disable >/dev/null 2>&1 || true
    fi
  done
}

main() {
  local new_servers
  mapfile -t new_servers < <(absent_servers)
  export DEBIAN_FRONTEND=noninteractive
  trap allow_starting EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  forbid_starting
  apt-get update --quiet=2
  # A package that would push out another one (an older Boost, say) is for its owner to decide on.
  apt-get install --yes --quiet=2 --no-install-recommends --no-remove -o Dpkg::Use-Pty=0 "$@" </dev/null
  keep_off_at_boot "${new_servers[@]}"
}

main "$@"
