#!/bin/sh
# Prints the compiler of the sanitizer builds: clang 19, else the g++ of the ordinary build.
set -eu
if command -v clang++-19 >/dev/null 2>&1; then echo clang++-19; else "$(dirname "$0")/find_compiler.sh"; fi
