#!/bin/sh
# Checks (or with --fix makes) the layout of our C++ as .clang-format has it. Versions of clang-format differ in what
# they do with the same file, so only version 14, Debian 12's, decides; without it the check is skipped (exit 77).
set -eu
cd "${YOUTU_ROOT:-$(dirname "$0")/..}"
formatter=
for candidate in clang-format-14 clang-format; do
  if command -v "$candidate" >/dev/null 2>&1 && "$candidate" --version | grep -q 'version 14\.'; then
    formatter=$candidate
    break
  fi
done
if [ -z "$formatter" ]; then
  echo "skipped: clang-format 14 is not installed"
  exit 77
fi
if [ "${1:-}" = --fix ]; then mode="-i"; else mode="--dry-run -Werror"; fi
python3 tools/tree_files.py . .h .cpp .inc .cu .cuh | xargs -d '\n' "$formatter" --style=file $mode
