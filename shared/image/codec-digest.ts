// Written by codec/build.sh.

/** SHA-256 of codec/codec.wasm: a model's input spec names the codec that decoded its training images. */
export const codecSha256 = "92cccc17b3d0bba1d87cadba531c9510d9b057ce5ef944f285907233193f0c24";
