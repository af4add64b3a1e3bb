#!/bin/sh
# Runs every fuzz target of a build for some seconds each, on a copy of its corpus:
#   tools/run_fuzzers.sh build/fuzz 60
set -eu
build=$1
seconds=$2
source=$(cd "$(dirname "$0")/.." && pwd)
found=0
for target in "$build"/fuzz/fuzz_*; do
  [ -f "$target" ] && [ -x "$target" ] || continue
  name=$(basename "$target")
  work="$build/findings/$name"
  mkdir -p "$work/corpus"
  echo "== $name, $seconds s"
  "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$work/" "$work/corpus" "$source/fuzz/corpus/$name"
  found=$((found + 1))
done
if [ "$found" -eq 0 ]; then
  echo "error: no fuzz target in $build/fuzz" >&2
  exit 1
fi
echo "$found fuzz targets ran for $seconds s each without a finding"
