/**
 * Adds an EXIF record with nothing but the orientation to a JPEG file, right behind its start marker
 * (Exif 2.32, section 4.5.2; TIFF 6.0, section 2).
 * @param orientation 1..8, how the stored pixels lie; 6 means that a viewer turns them right by 90 degrees
 */
export function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  // prettier-ignore
  const tiff = [
    0x49, 0x49, 42, 0, 8, 0, 0, 0, // little-endian, first directory at byte 8
    1, 0, // one entry
    0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, // orientation, one 16-bit number
    0, 0, 0, 0, // no further directory
  ];
  const body = [...Buffer.from("Exif\0\0", "latin1"), ...tiff];
  const segment = [0xff, 0xe1, 0, body.length + 2, ...body];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2)]);
}
