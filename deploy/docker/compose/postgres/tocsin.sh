#!/usr/bin/env bash
# Run once by the image of PostgreSQL, when its data folder is new: the role that tocsin reads statistics by.
set -euo pipefail

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set password="$(cat "${TOCSIN_PASSWORD_FILE:-/run/secrets/postgres-tocsin}")" <<'SQL'
CREATE ROLE tocsin LOGIN PASSWORD :'password';
GRANT pg_monitor TO tocsin;
SQL
