#!/bin/bash
# Rebuilds the modules in a temporary folder and compares them with the committed ones, byte by byte.
# Exit 0: the same, or toolchain or sources are absent (it says so); 1: they differ.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT

status=0
"$here/build.sh" "$built" >"$built/log" 2>&1 || status=$?
if [ $status = 3 ]; then
  echo "skipped: $(tail -n 1 "$built/log")"
  exit 0
elif [ $status != 0 ]; then
  cat "$built/log"
  exit 1
fi
for name in codec.wasm encoder.wasm; do
  if ! cmp -s "$here/$name" "$built/$name"; then
    echo "differs: the committed $name is not what its sources give; run build.sh and commit the result"
    exit 1
  fi
done
echo "identical: $(sha256sum "$here/codec.wasm" | cut -d' ' -f1)"
