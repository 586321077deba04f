#!/bin/sh
# Builds kernels.wasm from the *.as.ts beside it. Needs nothing but npm:
#   npm ci --prefix trainer/kernels && sh trainer/kernels/build.sh [output]
# The same sources and compiler give the same bytes everywhere; test/trainer/kernels compares them.
set -eu
cd "$(dirname "$0")"
output="${1:-kernels.wasm}"
node node_modules/assemblyscript/bin/asc.js \
  conv2d.as.ts depthwise.as.ts pooling.as.ts batch-norm.as.ts activation.as.ts adam.as.ts \
  --outFile "$output" --importMemory --runtime stub --enable simd \
  --optimizeLevel 3 --shrinkLevel 0 --converge --noAssert --use abort=
