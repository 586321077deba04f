// Written by codec/build.sh.

/** SHA-256 of codec/codec.wasm: a model's input spec names the codec that decoded its training images. */
export const codecSha256 = "ddeb0c89bcb7eb47c0e0e989c909ea3c283bcabeb46f04c16c3aa3ecb041a0b9";
