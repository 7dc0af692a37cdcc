#!/usr/bin/env bash
# tools/prove.sh: does what the README says in a bare Debian 12 (debootstrap in a temporary folder), as a
# stranger would, and fuzzes for a minute. Takes minutes; needs root, and the packages that this machine's apt can reach.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/bare_debian.sh
source tools/bare_debian.sh

readonly fuzz_seconds=${FUZZ_SECONDS:-60}
work=$(mktemp --directory --tmpdir tocsin-prove-XXXXXX)
readonly root=$work/debian
readonly log=$work/run.log
runner=

fail() {
  echo "prove: $*" >&2
  exit 1
}

stop_run() {
  [[ -n $runner ]] || return 0
  kill -TERM -- "-$runner" 2>/dev/null || true
  wait "$runner" 2>/dev/null || true
  runner=
}

# Never removes a folder in which something is still mounted.
clean_up() {
  stop_run
  umount "$root/proc" 2>/dev/null || true
  if grep -qF " $root/" /proc/mounts; then
    echo "prove: something is still mounted below $root" >&2
    return
  fi
  rm -rf --one-file-system "$work"
}

make_debian() {
  make_bare_debian "$root" "$work/debootstrap.log" || fail "there is no bare Debian"
  mount -t proc proc "$root/proc"
  mkdir -p "$root/dev/shm"
  chmod 1777 "$root/dev/shm"
}

# Two clones, without any build folder: what git knows, as it is in the working tree.
copy_repository() {
  local clone
  for clone in run test; do
    mkdir -p "$root/root/$clone"
    git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- --ignore-failed-read |
      tar --extract --directory "$root/root/$clone"
  done
}

in_debian() {
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}

ages() {
  curl --silent --max-time 5 http://127.0.0.1:10061/metrics | grep '^dagster_daemon_heartbeat_age_seconds{'
}

# `./dev run` tells its address within the first screen of its log, and shows every daemon, one of them dead.
prove_run() {
  local waited=0 daemon seen
  curl --silent --output /dev/null http://127.0.0.1:10061/ && fail "something already listens on port 10061"
  setsid chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    sh -c 'cd /root/run && exec ./dev run' >"$log" 2>&1 &
  runner=$!
  until seen=$(ages); do
    kill -0 "$runner" 2>/dev/null || fail "./dev run ended: $(tail -n 5 "$log")"
    [[ $((waited += 1)) -lt 2400 ]] || fail "./dev run serves nothing after 20 minutes"
    sleep 0.5
  done
  grep -E '^(time|ts|level)=|msg=' "$log" | head -n 24 | grep -q 'http://127.0.0.1:10061' ||
    fail "the first screen of the log does not tell the URL"
  for daemon in SENSOR BACKFILL SCHEDULER QUEUED_RUN_COORDINATOR; do
    grep -qF "daemon_type=\"$daemon\"" <<<"$seen" || fail "no heartbeat of $daemon"
  done
  [[ $(awk '$2 > 60' <<<"$seen" | wc -l) -eq 1 ]] || fail "not exactly one daemon is dead: $seen"
  echo "prove: ./dev run serves, and shows one dead daemon:"
  echo "$seen"
  stop_run
}

prove_second_run() {
  local began=$EPOCHREALTIME
  in_debian sh -c 'cd /root/run && ./dev build >/dev/null'
  echo "prove: a second build took $(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
}

prove_test() {
  in_debian sh -c 'cd /root/test && ./dev test' >"$work/test.log" 2>&1 || true
  tail -n 1 "$work/test.log"
  tail -n 1 "$work/test.log" | grep -qE '^[1-9][0-9]* passed, 0 failed' ||
    fail "./dev test: $(grep -E '^failed' "$work/test.log" | head -n 10)"
}

prove_fuzzing() {
  local target name
  ./dev build fuzz >/dev/null
  for target in build-fuzz/fuzz/*_fuzz; do
    [[ -x $target ]] || fail "there are no fuzz targets"
    name=${target##*/}
    mkdir -p "$work/$name"
    "$target" -max_total_time="$fuzz_seconds" -verbosity=0 -artifact_prefix="$work/" \
      "$work/$name" "tests/fuzz/corpus/${name%_fuzz}" 2>"$work/$name.log" ||
      fail "$name: $(tail -n 20 "$work/$name.log")"
    echo "prove: $name found nothing in $fuzz_seconds s"
  done
}

main() {
  [[ $EUID -eq 0 ]] || fail "needs root, for a chroot"
  trap clean_up EXIT
  trap 'echo "prove: failed at line $LINENO" >&2' ERR
  trap 'exit 130' INT
  trap 'exit 143' TERM
  make_debian
  copy_repository
  prove_run
  prove_second_run
  prove_test
  prove_fuzzing
  echo "prove: all of it holds"
}

main "$@"
