// Gradients of the activations that only pass or block: one comparison a value instead of three tensors.

import { at } from "./memory.as";

/** `dx = y > 0 ? dy : 0`; `y` may be the input or the output of the ReLU. */
export function reluGradient(y: usize, dy: usize, dx: usize, count: i32): void {
  const zero = f32x4.splat(0);
  const vectored = count & ~3;
  let i = 0;
  for (; i < vectored; i += 4) {
    v128.store(at(dx, i), v128.and(v128.load(at(dy, i)), f32x4.gt(v128.load(at(y, i)), zero)));
  }
  for (; i < count; i++) store<f32>(at(dx, i), load<f32>(at(y, i)) > 0 ? load<f32>(at(dy, i)) : 0);
}

/** `dx = low <= x <= high ? dy : 0`. */
export function clipGradient(x: usize, dy: usize, dx: usize, count: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  const vectored = count & ~3;
  let i = 0;
  for (; i < vectored; i += 4) {
    const value = v128.load(at(x, i));
    const inside = v128.and(f32x4.ge(value, lows), f32x4.le(value, highs));
    v128.store(at(dx, i), v128.and(v128.load(at(dy, i)), inside));
  }
  for (; i < count; i++) {
    const value = load<f32>(at(x, i));
    store<f32>(at(dx, i), value >= low && value <= high ? load<f32>(at(dy, i)) : 0);
  }
}
