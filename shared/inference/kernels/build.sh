#!/bin/sh
# Builds kernels.wasm from the *.as.ts beside it, with the compiler of trainer/kernels:
#   npm ci --prefix trainer/kernels && sh shared/inference/kernels/build.sh [output]
# The same sources and compiler give the same bytes everywhere; test/shared/inference compares them.
set -eu
cd "$(dirname "$0")"
output="${1:-kernels.wasm}"
node ../../../trainer/kernels/node_modules/assemblyscript/bin/asc.js \
  program.as.ts \
  --outFile "$output" --importMemory --runtime stub --enable simd --enable bulk-memory \
  --optimizeLevel 3 --shrinkLevel 0 --converge --noAssert --use abort=
