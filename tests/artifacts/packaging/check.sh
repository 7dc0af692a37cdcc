#!/usr/bin/env bash
# check.sh [PART...]: makes the Debian package, the image and the composition as a user would, and looks at what came out.
# Parts: deb, image, compose, shells; all of them without one. Takes the release build as it is, and makes one if there is
# none. Needs minutes, the network (Debian's archive, npm's registry), and root, for bare Debians in temporary folders.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
# shellcheck source=tools/bare_debian.sh
source tools/bare_debian.sh

work=$(mktemp --directory --tmpdir tocsin-packaging-XXXXXX)
readonly debian=$work/debian
readonly base=localhost/debian:12-slim  # The name that the Dockerfile's base has where no registry is.
readonly image=localhost/tocsin:check
server=

fail() {
  echo "packaging: $*" >&2
  exit 1
}

stop_server() {
  [[ -n $server ]] || return 0
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}

# Never removes a folder in which something is still mounted.
clean_up() {
  stop_server
  if grep -qF " $work/" /proc/mounts; then
    echo "packaging: something is still mounted below $work" >&2
    return
  fi
  rm -rf --one-file-system "$work"
}

# refuses WHAT COMMAND...: a check that cannot fail is none.
refuses() {
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then
    fail "nobody notices $what"
  fi
}

need_debian() {
  [[ -e $debian ]] || make_bare_debian "$debian" "$work/debootstrap.log" || fail "there is no bare Debian"
}

in_debian() {
  chroot "$debian" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}

# await WHAT SECONDS COMMAND...: until it succeeds.
await() {
  local what=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@"; do
    [[ $SECONDS -lt $deadline ]] || fail "waited in vain for $what: $(tail -n 5 "$work/serve.log" 2>/dev/null)"
    sleep 0.1  # Between looks, not instead of them.
  done
}

served_url() {
  grep -oE 'http://127\.0\.0\.1:[1-9][0-9]*' "$work/serve.log" | head -n 1 | grep .
}

is_ready() {
  build/tocsin healthcheck --url "$(served_url)" 2>/dev/null
}

# Serves with the command $@, which listens on a port that nobody chose, until the binary itself finds it ready.
serves() {
  "$@" >"$work/serve.log" 2>&1 &
  server=$!
  await "an address in the log" 60 served_url >/dev/null
  await "it to be ready" 60 is_ready
  stop_server
}

# --- The Debian package ---------------------------------------------------------------------------------------------

make_package() {
  (cd build && cpack -B "$work/deb") >"$work/cpack.log" 2>&1 || fail "cpack: $(tail -n 5 "$work/cpack.log")"
  ls "$work"/deb/tocsin_*.deb
}

check_deb() {
  local package file contents
  package=$(make_package)
  contents=$(dpkg-deb --contents "$package")
  lintian --no-cfg --allow-root --tag-display-limit 0 --fail-on error,warning "$package" || fail "lintian objects"
  [[ $(dpkg-deb --field "$package" Depends) == *libmicrohttpd* ]] || fail "the package does not depend on its libraries"

  need_debian
  cp "$package" "$debian/tocsin.deb"
  in_debian sh -c 'apt-get update -qq && apt-get install -qq --no-install-recommends /tocsin.deb' \
    >"$work/install.log" 2>&1 || fail "installing: $(tail -n 5 "$work/install.log")"
  in_debian tocsin --version
  in_debian tocsin check config /etc/tocsin/tocsin.yaml
  in_debian sh -c 'tocsin check rules /usr/share/tocsin/alerts/*.yaml /usr/share/tocsin/alerts/optional/*.yaml' \
    >/dev/null || fail "the rules are not good where they are installed"
  for file in /usr/share/tocsin/dashboards/overview.json /usr/share/tocsin/examples/tocsin.yaml \
    /lib/systemd/system/tocsin.service /usr/share/doc/tocsin/systemd.md /usr/share/man/man1/tocsin.1.gz \
    /usr/share/bash-completion/completions/tocsin /usr/share/zsh/vendor-completions/_tocsin \
    /usr/share/fish/vendor_completions.d/tocsin.fish; do
    # A bare Debian may be told to install no documentation: then the package has it all the same.
    grep -qF " .$file" <<<"$contents" || fail "the package lacks $file"
  done
  serves chroot --userspec=65534:65534 "$debian" /usr/bin/tocsin serve --config /etc/tocsin/tocsin.yaml \
    --listen 127.0.0.1:0 --storage.path :memory:

  echo '# mine' >>"$debian/etc/tocsin/tocsin.yaml"
  in_debian dpkg --install /tocsin.deb >/dev/null 2>&1
  grep -q '^# mine' "$debian/etc/tocsin/tocsin.yaml" || fail "an upgrade replaces the configuration"
  in_debian dpkg --purge tocsin >/dev/null 2>&1
  for file in etc/tocsin usr/bin/tocsin usr/share/tocsin lib/systemd/system/tocsin.service; do
    [[ ! -e $debian/$file ]] || fail "a purge leaves /$file"
  done
  echo "packaging: $(basename "$package"), $(du -h "$package" | cut -f1), installs, runs and goes"
}

# --- The image ------------------------------------------------------------------------------------------------------

# Storage of its own: nothing is left on this machine.
use_own_containers() {
  mkdir -p "$work/containers"
  printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "$work/containers/graph" "$work/containers/run" >"$work/containers/storage.conf"
  echo 'unqualified-search-registries = ["localhost"]' >"$work/containers/registries.conf"
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$work/containers/policy.json"
  export CONTAINERS_STORAGE_CONF=$work/containers/storage.conf
  export CONTAINERS_REGISTRIES_CONF=$work/containers/registries.conf
  export BUILDAH_ISOLATION=chroot
}

build_image() {
  # In Docker's format, for OCI's knows no health check.
  buildah build --format docker --signature-policy "$work/containers/policy.json" --pull=never --layers=false --quiet "$@"
}

# What git knows, as it is in the working tree; .dockerignore has its effect on it.
make_context() {
  mkdir -p "$work/context"
  git ls-files -z --cached --others --exclude-standard |
    tar --create --null --files-from=- --ignore-failed-read --warning=no-failed-read |
    tar --extract --directory "$work/context"
}

import_base() {
  need_debian
  mkdir -p "$work/base"
  tar --create --one-file-system --directory "$debian" --file "$work/base/rootfs.tar" \
    --exclude=./proc/* --exclude=./sys/* --exclude=./var/cache/apt/archives/*.deb .
  printf 'FROM scratch\nADD rootfs.tar /\nCMD ["bash"]\n' >"$work/base/Dockerfile"
  build_image --tag "$base" "$work/base" >"$work/base.log" 2>&1 || fail "the base: $(tail -n 5 "$work/base.log")"
  rm "$work/base/rootfs.tar"
}

lint_dockerfile() {
  local lint=$work/npm/node_modules/.bin/dockerlinter
  mkdir -p "$work/npm"
  cp tests/artifacts/packaging/package{,-lock}.json "$work/npm/"
  (cd "$work/npm" && npm ci --ignore-scripts --no-fund --no-audit --loglevel=error) >"$work/npm.log" 2>&1 ||
    fail "npm: $(tail -n 5 "$work/npm.log")"
  "$lint" -e -f deploy/docker/Dockerfile || fail "dockerlinter objects"
  sed 's/:12-slim$/:latest/' deploy/docker/Dockerfile >"$work/latest"
  refuses "a base that is not pinned" "$lint" -e -f "$work/latest"
}

# configured PATH WANTED: what a container engine reads at that place of the image's configuration, as JSON.
configured() {
  local found
  found=$(buildah inspect --type image "$image" | python3 -c '
import functools, json, sys
found = functools.reduce(lambda place, key: place[key], sys.argv[1].split("/"), json.load(sys.stdin))
print(json.dumps(found, separators=(",", ":")))' "$1")
  [[ $found == "$2" ]] || fail "the image's $1 is $found, not $2"
}

check_image() {
  local root container
  lint_dockerfile
  use_own_containers
  import_base
  make_context
  local cache=${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/ccache}
  mkdir -p "$cache"
  # Compilations that were done before need not be done again; without them it takes as long as a first build does.
  build_image --build-arg "BASE=$base" --build-arg REVISION=0123456789ab --volume "$cache:/root/.cache/ccache:rw" \
    --file deploy/docker/Dockerfile --tag "$image" "$work/context" >"$work/image.log" 2>&1 ||
    fail "buildah: $(tail -n 20 "$work/image.log")"

  configured OCIv1/config/User '"65532:65532"'
  configured OCIv1/config/Entrypoint '["/usr/bin/tocsin"]'
  configured OCIv1/config/Cmd '["serve","--config","/etc/tocsin/tocsin.yaml"]'
  configured OCIv1/config/ExposedPorts '{"10061/tcp":{}}'
  configured OCIv1/config/Volumes '{"/var/lib/tocsin":{}}'
  configured Docker/config/Healthcheck/Test '["CMD","/usr/bin/tocsin","healthcheck"]'
  configured OCIv1/config/WorkingDir '"/var/lib/tocsin"'
  configured OCIv1/config/Labels/org.opencontainers.image.revision '"0123456789ab"'
  configured OCIv1/config/Labels/org.opencontainers.image.version \
    "\"$(build/tocsin --version | cut -d' ' -f2)\""

  container=$(buildah from --pull=never --signature-policy "$work/containers/policy.json" "$image")
  root=$(buildah mount "$container")
  [[ -z $(find "$root" -name '*sh' -path '*/bin/*') ]] || fail "there is a shell in the image"
  [[ -z $(find "$root" -perm /6000 -type f) ]] || fail "a file in the image changes its user"
  [[ $(stat --format '%u:%g' "$root/var/lib/tocsin") == 65532:65532 ]] || fail "its state belongs to somebody else"
  [[ $(chroot --userspec=65532:65532 "$root" /usr/bin/tocsin --version) == *"(0123456789ab)" ]] ||
    fail "it does not know its revision"
  chroot --userspec=65532:65532 "$root" /usr/bin/tocsin check config /etc/tocsin/tocsin.yaml 2>/dev/null
  # As with --read-only: all but the volume is. Its own mounts, which end with it.
  serves unshare --mount sh -c "mount --bind '$root' '$root' && mount -o remount,bind,ro '$root' &&
    mount -t tmpfs -o uid=65532,gid=65532,mode=700 tmpfs '$root/var/lib/tocsin' &&
    exec chroot --userspec=65532:65532 '$root' /usr/bin/tocsin serve --config /etc/tocsin/tocsin.yaml \
      --listen 127.0.0.1:0"
  echo "packaging: the image, $(du --summarize --human-readable "$root" | cut -f1), serves from a read-only root"
}

# --- The composition ------------------------------------------------------------------------------------------------

# The docker-compose of Debian 12 reads all but the name. It needs no engine for that.
read_compose() {
  (cd "$work/compose" && docker-compose --file compose.yaml config --quiet)
}

# planted WHAT SED: a mistake that has to be noticed, by Compose or by us.
planted() {
  cp "$work/good.yaml" "$work/compose/compose.yaml"
  sed -i "$2" "$work/compose/compose.yaml"
  ! cmp --silent "$work/good.yaml" "$work/compose/compose.yaml" || fail "there is no place for $1"
  if read_compose >/dev/null 2>&1 && python3 tests/artifacts/packaging/compose.py "$work/compose/compose.yaml" \
    >/dev/null 2>&1; then
    fail "nobody notices $1"
  fi
}

check_compose() {
  cp --recursive deploy/docker "$work/compose"
  "$work/compose/compose/make-secrets.sh" >/dev/null
  sed '/^name:/d' deploy/docker/compose.yaml >"$work/good.yaml"
  cp "$work/good.yaml" "$work/compose/compose.yaml"
  read_compose || fail "docker-compose objects"
  planted "an unknown key" 's/mem_limit: 256m/mem_limits: 256m/'
  planted "a service that is not there" 's/^      tocsin: {condition/      toxin: {condition/'
  planted "a volume that is not declared" '/^  grafana-data: {}/d'
  planted "a secret that is not declared" '/^  grafana-admin:/d'
  planted "a port for everybody" 's/127.0.0.1:9090:9090/9090:9090/'
  planted "an image that may change" 's/prometheus:v3.5.0/prometheus:latest/'
  planted "a password" 's|/run/secrets/postgres-admin|hunter2|'
  planted "a root that can be written" 's/read_only: true/read_only: false/'
  planted "capabilities" 's/cap_drop: \[ALL\]/cap_drop: [NET_RAW]/'
  planted "a mount that is not there" 's|./compose/prometheus.yml|./compose/prometheus.yaml|'
  echo "packaging: the composition is read, and ten mistakes are noticed"
}

check_shells() {
  python3 tests/artifacts/packaging/shells.py
}

main() {
  local part
  [[ $EUID -eq 0 ]] || fail "needs root, for a chroot"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  tools/setup.sh build test package prove
  [[ -x build/tocsin && -e build/CPackConfig.cmake ]] || ./dev build >/dev/null
  [[ $# -gt 0 ]] || set -- shells compose deb image
  for part in "$@"; do
    case $part in
      deb | image | compose | shells) "check_$part" ;;
      *) fail "there is no part '$part'" ;;
    esac
  done
}

main "$@"
