#!/bin/sh
# Installs the npm packages that tests compare with, exactly as tests/node/package-lock.json says, once per lock file.
# No package runs a script of its own while it is installed.
set -eu
cd "$(dirname "$0")/../tests/node"
if cmp -s package-lock.json node_modules/.installed-lock.json; then exit 0; fi
# Not `npm ci`: it wants every optional package of node-llama-cpp in the lock file, also the builds for other systems, of
# which registries do not hold all. This takes the same versions, and checks the same hashes.
rm -rf node_modules
npm install --no-save --ignore-scripts --omit=optional --no-audit --no-fund
cp package-lock.json node_modules/.installed-lock.json
