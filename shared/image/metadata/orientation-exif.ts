/** EXIF that says nothing but how the image is turned: a TIFF of one entry, little-endian (TIFF 6.0, tag 274). @param orientation 1-8 */
export function orientationExif(orientation: number): Uint8Array<ArrayBuffer> {
  const tiff = new DataView(new ArrayBuffer(26));
  tiff.setUint16(0, 0x4949);
  tiff.setUint16(2, 42, true);
  tiff.setUint32(4, 8, true);
  tiff.setUint16(8, 1, true);
  tiff.setUint16(10, 274, true);
  tiff.setUint16(12, 3, true);
  tiff.setUint32(14, 1, true);
  tiff.setUint16(18, orientation, true);
  return new Uint8Array(tiff.buffer);
}
