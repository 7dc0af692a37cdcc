#!/usr/bin/env bash
# quick.sh PART: checks a part of what is shipped beside the binary, in seconds and without installing anything:
# systemd (the units), man (the page), bash (its completion), configurations (those that deploy/ brings). TOCSIN is the
# binary to try them with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

tocsin=$(realpath "${TOCSIN:-build/tocsin}")
readonly tocsin
readonly most_exposed=20  # Tenths: 0 is nothing, 100 all that a service may do.
work=$(mktemp --directory --tmpdir tocsin-packaging-XXXXXX)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "packaging: $*" >&2
  exit 1
}

# systemd-analyze says what is wrong on standard error, and succeeds: for an unknown key, for a value that means nothing.
check_systemd() {
  local said look=()
  command -v man >/dev/null || look=(--man=no)
  mkdir -p "$work/units" "$work/man/man1"
  cp deploy/man/tocsin.1 "$work/man/man1/"
  cp deploy/systemd/tocsin.{service,socket} "$work/units/"
  sed -i "s|/usr/bin/tocsin|$tocsin|" "$work/units/tocsin.service"
  said=$(MANPATH="$work/man:" systemd-analyze verify "${look[@]}" "$work"/units/tocsin.{service,socket} 2>&1) ||
    fail "systemd-analyze verify: $said"
  [[ -z $said ]] || fail "systemd-analyze verify: $said"
  said=$(systemd-analyze security --offline=true --threshold="$most_exposed" "$work/units/tocsin.service" 2>&1) ||
    fail "the service may do too much: $(grep '^✗' <<<"$said" || echo "$said")"
  grep '→ Overall exposure level' <<<"$said"
}

check_man() {
  local said
  said=$(groff -man -ww -Tutf8 -z deploy/man/tocsin.1 2>&1)
  [[ -z $said ]] || fail "groff: $said"
  # Each option of each command, as the binary itself tells them, is on the page.
  groff -man -Tascii -P-cbou deploy/man/tocsin.1 >"$work/page"
  local command option
  for command in "" query "check rules" "silence add" "generate rules"; do
    # shellcheck disable=SC2086  # A command is several words.
    for option in $("$tocsin" $command --help | grep -oE '^ +(-[a-z],)?--[a-z._-]+' | grep -oE -- '--[a-z._-]+'); do
      grep -qF -- "$option" "$work/page" || fail "tocsin.1 does not tell of '$command $option'"
    done
  done
}

# completes "WORDS..." "WANTED WORDS": what bash offers for the last of the words.
completes() {
  local offered
  offered=$(bash --norc --noprofile -c '
    source deploy/completions/tocsin.bash
    eval "COMP_WORDS=($1)"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _tocsin
    echo "${COMPREPLY[*]}"' bash "$1")
  [[ " $offered " == *" $2 "* ]] || fail "bash offers for '$1': '$offered', not '$2'"
}

check_bash() {
  [[ -n $(bash --norc --noprofile -c 'source deploy/completions/tocsin.bash; complete -p tocsin') ]] ||
    fail "bash completes nothing after tocsin"
  completes "tocsin che" "check"
  completes "tocsin check ''" "config metrics rules expr"
  completes "tocsin --log.level ''" "debug info warn error"
  completes "tocsin --log.level = d" "debug"
  completes "tocsin --config check serve --log.f" "--log.format"  # A value is no command.
  completes "tocsin --config deploy/docker/comp" "deploy/docker/compose.yaml"
  completes "tocsin check config deploy/docker/comp" "deploy/docker/compose.yaml"
  completes "tocsin query -o j" "json"
  completes "tocsin silence add --dur" "--duration"
  completes "tocsin collectors da" "dagster dashflow"
  completes "tocsin check rules --lint promql/rat" "promql/rate"
}

# as_installed FILE TARGET: the file with the names of other files, which are right once it is installed, as they are here.
as_installed() {
  sed -e "s|/usr/share/tocsin|$PWD|; s|/etc/prometheus/alerts|$PWD/alerts|; s|/var/lib/tocsin|$work/state|" \
    -e "s|/run/secrets/|$work/secrets/|; s|/run/credentials/tocsin.service/secret_|$work/secrets/|" "$1" >"$2"
}

# The file with what is commented out, too: it is meant to be used. Sentences stay comments.
with_suggestions() {
  sed -E '/^[a-z]/,$ s/^( *)# ( *(- |[a-z_]+:))/\1\2/' "$1"
}

check_configurations() {
  local file name
  deploy/docker/compose/make-secrets.sh "$work/secrets" >/dev/null
  echo postgres >"$work/secrets/dagster"
  echo https://hooks.slack.example/services/x >"$work/secrets/slack"
  for file in deploy/systemd/tocsin.yaml deploy/docker/tocsin.yaml deploy/docker/compose/tocsin.yaml; do
    name=${file//\//-}
    as_installed "$file" "$work/$name"
    with_suggestions "$work/$name" >"$work/more-$name"
    "$tocsin" check config "$work/$name" "$work/more-$name"
  done
  with_suggestions deploy/systemd/tocsin.yaml | grep -q '^  - type: dagster' || fail "nothing was suggested"
  as_installed deploy/docker/compose/prometheus.yml "$work/prometheus.yml"
  promtool check config "$work/prometheus.yml"
  with_suggestions "$work/prometheus.yml" >"$work/more-prometheus.yml"
  promtool check config "$work/more-prometheus.yml" >/dev/null
  as_installed deploy/docker/compose/alertmanager.yml "$work/alertmanager.yml"
  with_suggestions "$work/alertmanager.yml" >"$work/more-alertmanager.yml"
  amtool check-config "$work/alertmanager.yml" "$work/more-alertmanager.yml" >/dev/null
  python3 tests/artifacts/packaging/compose.py
}

case ${1:-} in
  systemd | man | bash | configurations) "check_$1" ;;
  *) fail "usage: quick.sh systemd|man|bash|configurations" ;;
esac
