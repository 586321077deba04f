#!/bin/sh
# Builds peak.wasm from peak.as.ts with the compiler of trainer/kernels:
#   npm ci --prefix trainer/kernels && sh test/bench/peak/build.sh [output]
set -eu
cd "$(dirname "$0")"
output="${1:-peak.wasm}"
node ../../../trainer/kernels/node_modules/assemblyscript/bin/asc.js peak.as.ts \
  --outFile "$output" --importMemory --runtime stub --enable simd \
  --optimizeLevel 3 --shrinkLevel 0 --converge --noAssert --use abort=
