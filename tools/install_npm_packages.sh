#!/bin/sh
# Installs the npm packages of a folder, exactly as its package-lock.json says, once per lock file.
#   tools/install_npm_packages.sh [FOLDER]        web, or tests/node (default): what tests compare with
# No package runs a script of its own while it is installed.
set -eu
cd "$(dirname "$0")/../${1:-tests/node}"
if cmp -s package-lock.json node_modules/.installed-lock.json; then
  touch node_modules/.installed-lock.json  # newer than the lock file: a build asks no second time
  exit 0
fi
rm -rf node_modules
if [ "${1:-tests/node}" = tests/node ]; then
  # Not `npm ci`: it wants every optional package of node-llama-cpp in the lock file, also the builds for other systems,
  # of which registries do not hold all. This takes the same versions, and checks the same hashes.
  npm install --no-save --ignore-scripts --omit=optional --no-audit --no-fund
else
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || {
    echo "error: the npm packages of the web page could not be installed (without the page: make serve WEB=OFF)" >&2
    exit 1
  }
fi
cp package-lock.json node_modules/.installed-lock.json
