// Written by codec/build.sh.

/** SHA-256 of codec/codec.wasm: a model's input spec names the codec that decoded its training images. */
export const codecSha256 = "1419e94d5f37f7fafbc1066a94d8b113f0b6d3c11f8d03bdb914eea73321bbbc";
