#!/usr/bin/env bash
# The images of docker-compose.yml, also where no engine runs (docs/operations.md, "The images").
#   images.sh build                          builds them: `make images`
#   images.sh run [NAME=value …] -- COMMAND  runs a command in the services image, on this machine's network
set -euo pipefail
cd "$(dirname "$0")/.."

image=$(sed -n 's/^  image: \(shelfcast\/services:.*\)/\1/p' docker-compose.yml)
base=$(sed -n 's/^FROM \(node:[^ ]*\).*/\1/p' Dockerfile | sort -u)
folder=$PWD/.shelfcast/images

fail() {
  echo "$*" >&2
  exit 1
}

# Images of its own: nothing that it makes is mistaken for an official image elsewhere.
without_engine() {
  BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot} buildah --root "$folder/storage" --runroot "$folder/run" \
    ${STORAGE_DRIVER:+--storage-driver "$STORAGE_DRIVER"} "$@"
}

tool() {
  if docker info >/dev/null 2>&1; then
    echo docker
  elif command -v buildah >/dev/null; then
    echo buildah
  else
    fail 'Images need Docker with a running engine, or buildah (apt install buildah debootstrap).'
  fi
}

# Debian with this checkout's Node and this machine's npm and certificates, under the name of the official image.
stand_in_for_base() {
  echo "$base cannot be pulled: building on a stand-in that debootstrap makes."
  command -v debootstrap >/dev/null || fail 'For that, debootstrap is missing: apt install debootstrap'
  [ "$(id -u)" = 0 ] || fail 'For that, debootstrap has to be root.'
  local/node/bring.sh
  local root=$folder/base npm container
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$folder/debootstrap.log" ||
    fail "debootstrap failed: $folder/debootstrap.log"
  npm=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -R "$npm" "$root/usr/local/lib/node_modules/npm"
  cp .shelfcast/node/bin/node "$root/usr/local/bin/node"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  chroot "$root" useradd --uid 1000 --create-home node
  local config=(--cmd node)
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
    cp "$NODE_EXTRA_CA_CERTS" "$root/usr/local/share/machine-certificates.pem"
    config+=(--env NODE_EXTRA_CA_CERTS=/usr/local/share/machine-certificates.pem)
  fi
  container=$(without_engine from --pull-never scratch)
  without_engine copy --quiet "$container" "$root" /
  without_engine config "${config[@]}" "$container"
  without_engine commit --quiet --rm "$container" "docker.io/library/$base" >/dev/null
  rm -rf "$root"
}

build() {
  if [ "$(tool)" = docker ]; then
    exec docker compose build
  fi
  mkdir -p "$folder"
  without_engine inspect --type image "docker.io/library/$base" >/dev/null 2>&1 ||
    without_engine pull --quiet "docker.io/library/$base" >"$folder/pull.log" 2>&1 ||
    stand_in_for_base
  without_engine bud --pull-never --tag "$image" . >"$folder/build.log" 2>&1 || {
    tail -n 20 "$folder/build.log" >&2
    fail "The image could not be built: $folder/build.log"
  }
  without_engine images --format '{{.Name}}:{{.Tag}}  {{.Size}}' --filter "reference=$image"
  echo 'Without an engine this is the services image only; Connect’s is built by docker compose.'
}

run() {
  local settings=()
  while [ "$1" != -- ]; do
    settings+=(--env "$1")
    shift
  done
  shift
  if [ "$(tool)" = docker ]; then
    exec docker run --rm --init --network host --read-only --tmpfs /tmp --cap-drop ALL \
      --security-opt no-new-privileges:true "${settings[@]}" "$image" "$@"
  fi
  local container status=0
  container=$(without_engine from --pull-never "$image")
  without_engine run --cap-drop all "${settings[@]}" "$container" -- "$@" || status=$?
  without_engine rm "$container" >/dev/null
  return "$status"
}

case "${1:-}" in
  build) build ;;
  run) run "${@:2}" ;;
  *) fail 'usage: images.sh build | run [NAME=value …] -- COMMAND' ;;
esac
