/** The largest finite number a float16 holds. */
export const largestFloat16 = 65_504;

/**
 * The nearest IEEE 754 binary16 of each number, halves to even; beyond the range infinite.
 * @returns [N] bit patterns
 */
export function toFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  return Uint16Array.from(bits, halfOf);
}

/** The number each binary16 bit pattern stands for; exact. */
export function fromFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** From binary32 to binary16, on the bits. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  const exponent = (magnitude >>> 23) - 112;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent > 0) {
    // A carry out of the fraction goes on into the exponent, and from the largest number to infinity, as it should.
    return sign | shiftToNearestEven((exponent << 23) | (magnitude & 0x7f_ffff), 13);
  }
  if (exponent < -10) return sign;
  return sign | shiftToNearestEven((magnitude & 0x7f_ffff) | 0x80_0000, 14 - exponent);
}

function shiftToNearestEven(value: number, places: number): number {
  const kept = value >>> places;
  const rest = value & ((1 << places) - 1);
  const half = 1 << (places - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
