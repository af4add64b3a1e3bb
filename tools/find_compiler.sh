#!/bin/sh
# Prints the C++ compiler to build with: $CXX if it is set, else the first g++ that is version 12 or newer.
set -eu
if [ -n "${CXX:-}" ]; then echo "$CXX"; exit 0; fi
for compiler in g++ g++-14 g++-13 g++-12; do
  if command -v "$compiler" >/dev/null 2>&1; then
    major=$("$compiler" -dumpversion | cut -d. -f1)
    if [ "$major" -ge 12 ]; then echo "$compiler"; exit 0; fi
  fi
done
echo "error: no g++ of version 12 or newer (tools/install_packages.sh build installs one)" >&2
exit 1
