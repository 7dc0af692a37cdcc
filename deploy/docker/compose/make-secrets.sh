#!/usr/bin/env bash
# make-secrets.sh [FOLDER]: random passwords for deploy/docker/compose.yaml, one in each file; what is there stays.
# Containers read them as users of their own: that is why the files are open, in a folder that is not.
set -euo pipefail

folder=${1:-$(dirname "${BASH_SOURCE[0]}")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
for name in postgres-admin postgres-tocsin grafana-admin; do
  [[ ! -e $folder/$name ]] || continue
  head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"$folder/$name.new"
  chmod 444 "$folder/$name.new"
  mv "$folder/$name.new" "$folder/$name"
  echo "made $folder/$name"
done
