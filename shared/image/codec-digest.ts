// Written by codec/build.sh.

/** SHA-256 of codec/codec.wasm: a model's input spec names the codec that decoded its training images. */
export const codecSha256 = "bc0560184b3af481efb1e4e9b575c4ab650c4c250938af1c0a9f4fc52b290e12";
