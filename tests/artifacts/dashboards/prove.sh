#!/usr/bin/env bash
# prove.sh [BINARY]: the boards of dashboards/ against Grafana's types, its linter's rules, and live data. Gets packages from
# npm, once, into a folder below the user's cache. Takes about two minutes; BINARY is build/tocsin by default.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
root=$(realpath "$here/../../..")
binary=$(realpath "${1:-$root/build/tocsin}")

export TOCSIN_DASHBOARD_TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/tocsin/dashboards
mkdir -p "$TOCSIN_DASHBOARD_TOOLS"
cp "$here/package.json" "$here/package-lock.json" "$TOCSIN_DASHBOARD_TOOLS/"
if ! cmp --silent "$here/package-lock.json" "$TOCSIN_DASHBOARD_TOOLS/installed-lock.json"; then
  npm ci --prefix "$TOCSIN_DASHBOARD_TOOLS" --ignore-scripts --no-audit --no-fund --silent
  cp "$here/package-lock.json" "$TOCSIN_DASHBOARD_TOOLS/installed-lock.json"
fi

status=0
node "$here/types.mjs" "$root/dashboards" || status=1
node "$here/lint.mjs" "$root/dashboards" || status=1
python3 "$here/live.py" --tocsin "$binary" || status=1
exit "$status"
