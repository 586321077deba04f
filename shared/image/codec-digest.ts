// Written by codec/build.sh.

/** SHA-256 of codec/codec.wasm: a model's input spec names the codec that decoded its training images. */
export const codecSha256 = "51a86496cde932f1dc5e3c8ddaf901862fdcfc9c03acbdcfbfd3aa27e83fcbf6";
