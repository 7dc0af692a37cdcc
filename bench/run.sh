#!/bin/sh
# Runs every benchmark side by side with its peer: bench/run.sh [BUILD-DIRECTORY] [--quick]
# Numbers and what they mean: bench/README.md.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$here/../build
case ${1:-} in
  '' | --*) ;;
  *) build=$1; shift ;;
esac

program=$build/bench/exposition_bench
if [ ! -x "$program" ]; then
  echo "bench: $program is missing: ./dev bench builds it" >&2
  exit 1
fi

echo "## Exposition"
python3 "$here/exposition.py" "$program" "$@"

# Needs PostgreSQL's server and the build of the tests.
if [ -x "$build/bench/dagster_bench" ]; then
  echo "## Dagster"
  case " $* " in
    *' --quick '*) "$build/bench/dagster_bench" 100000 50 ;;
    *) "$build/bench/dagster_bench" ;;
  esac
fi

if [ -x "$build/bench/postgres_bench" ]; then
  echo "## PostgreSQL"
  python3 "$here/postgres.py" "$build" "$@"
fi

# Needs Debian's redis-server, and compares with its prometheus-redis-exporter if that is there.
if [ -x "$build/bench/redis_bench" ]; then
  echo "## Redis"
  python3 "$here/redis.py" "$build" "$@"
fi

# The sample store, its history and some collectors by themselves, and queries beside a real Prometheus.
for program in store_bench history_bench page_bench host_bench rules_bench; do
  if [ -x "$build/bench/$program" ]; then
    echo "## $program"
    "$build/bench/$program"
  fi
done
echo "## Scraping"
python3 "$here/scrape.py" "$build" "$@"
if [ -x "$build/bench/remote_write_load" ]; then
  echo "## PromQL"
  python3 "$here/promql.py" "$build" "$@"
  echo "## Restart"
  python3 "$here/restart.py" "$build" "$@"
  echo "## Rules"
  python3 "$here/rules.py" "$build" "$@"
  echo "## Notifications"
  python3 "$here/notify.py" "$build" "$@"
fi

# Other people's rule files, which are not part of the repository.
rulefiles=${TOCSIN_SHARED:-$here/../../shared}/rulefiles
if [ -x "$build/bench/rulefile_bench" ] && [ -d "$rulefiles" ]; then
  echo "## Rule files"
  "$build/bench/rulefile_bench" "$rulefiles"
  python3 "$here/rulefiles.py" "$build" "$rulefiles" "$@"
fi
# Needs Chromium and the packages of the page: ./dev ui.
if command -v chromium >/dev/null && [ -d "$here/../ui/node_modules/playwright-core" ]; then
  echo "## The web page"
  node "$here/first_paint.mjs" "$build" "$@"
fi
