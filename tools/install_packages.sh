#!/bin/sh
# Installs the distribution packages that the project needs: the one list of them. Groups: build, web (to build the web
# page into the program), test, bench, package.
#   tools/install_packages.sh build web test
# Asks apt only for what is missing, so with everything in place it needs neither network nor rights.
# Known to name the right packages on Debian 12 and 13 and Ubuntu 22.04 and 24.04.
set -eu

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

available() {
  apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'
}

# Debian 12's default Boost is 1.74 and cannot be installed beside 1.81, which is the better one: take 1.81 unless
# another one is there already. The sources build with 1.74 and newer.
boost() {
  for package in libboost-dev libboost1.74-dev libboost1.81-dev libboost1.83-dev; do
    if installed "$package"; then echo "$package"; return; fi
  done
  if available libboost1.81-dev; then echo libboost1.81-dev; else echo libboost-dev; fi
}

# C++20 as the sources use it needs g++ 12; Ubuntu 22.04's g++ is 11.
compiler() {
  if tools/find_compiler.sh >/dev/null 2>&1; then return; fi
  version=$(apt-cache depends g++ 2>/dev/null | sed -n 's/.*Depends: g++-\([0-9][0-9]*\).*/\1/p' | head -n 1)
  if [ "${version:-0}" -ge 12 ]; then echo g++; else echo g++-12; fi
}

# npm packages are run with any node from 18 on, from wherever it came.
node() {
  major=$(command node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
  if [ "${major:-0}" -ge 18 ] && command -v npm >/dev/null 2>&1; then return; fi
  echo nodejs npm
}

# Any Chromium will do. On Ubuntu it is a snap, which containers cannot have: there the tests of the page want one of
# yours.
browser() {
  for program in chromium chromium-browser google-chrome; do
    if command -v "$program" >/dev/null 2>&1; then return; fi
  done
  if ! grep -q '^ID=ubuntu' /etc/os-release 2>/dev/null; then echo chromium; fi
}

# The sanitizer builds use clang 19 where the distribution has it, else g++.
sanitizer_compiler() {
  if installed clang-19 || available clang-19; then echo clang-19 libclang-rt-19-dev; fi
}

packages_of() {
  case "$1" in
    build)
      echo make cmake ninja-build pkg-config "$(compiler)" "$(boost)"
      echo nlohmann-json3-dev libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev
      echo libpcre2-dev libutf8proc-dev libxxhash-dev libsqlite3-dev libssl-dev
      echo libcurl4-openssl-dev libedit-dev
      ;;
    test)
      echo libgtest-dev libgmock-dev binutils clang-format curl git openssl
      echo python3 python3-numpy python3-requests python3-yaml systemd dpkg-dev file locales
      node
      browser
      sanitizer_compiler
      ;;
    web) node ;;
    bench) echo libbenchmark-dev ;;
    package) echo dpkg-dev file ;;
    *)
      echo "error: no package group '$1' (build, web, test, bench, package)" >&2
      exit 2
      ;;
  esac
}

cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- build

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "note: this is no Debian or Ubuntu; packages are yours to install (the list is in tools/install_packages.sh)" >&2
  exit 0
fi

find_missing() {
  for group in "$@"; do
    for package in $(packages_of "$group"); do
      installed "$package" || printf '%s ' "$package"
    done
  done
}

[ -n "$(find_missing "$@")" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1; then
  as_root=sudo
else
  echo "error: installing packages needs root or sudo; missing: $(find_missing "$@")" >&2
  exit 1
fi

$as_root apt-get update -q
missing=$(find_missing "$@")  # again: what is available is known only now
echo "Installing: $missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
