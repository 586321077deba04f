// Written by codec/build.sh.

/** SHA-256 of codec/codec.wasm: a model's input spec names the codec that decoded its training images. */
export const codecSha256 = "3cd2912fc74ad00ecafc3f358d3673be5d701cfb22c544d5b7a0f1e56441c9f9";
