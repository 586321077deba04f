// The arithmetic of every kernel: plain SIMD, rounded after each step, so that results are the same bits everywhere.

/** `sum + a * b`, four at a time, rounded twice. */
export function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** The values bounded; what is not a number stays so, as the operands' order decides. */
export function clamp(values: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(values, low), high);
}
