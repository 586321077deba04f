// Written by codec/build.sh.

/** SHA-256 of codec/codec.wasm: a model's input spec names the codec that decoded its training images. */
export const codecSha256 = "39192e0acd8d4485022f1b7aa517a3eaf7693a3ccabc018a8d2efc3fbdb0f052";
