// Pointers into the tfjs heap, whose memory this module imports. Every tensor is float32, row-major, NHWC.

/** Bytes of one float32. */
export const FLOAT: usize = 4;

/** The address of element `index` of the floats at `base`. */
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** Sets `count` floats to zero. */
export function zeroFloats(target: usize, count: i32): void {
  memory.fill(target, 0, (<usize>count) << 2);
}

/** Copies `count` floats; an inline loop, as runs are too short for the call that `memory.copy` is. */
export function copyFloats(target: usize, source: usize, count: i32): void {
  const vectored = count & ~3;
  let i = 0;
  for (; i < vectored; i += 4) v128.store(at(target, i), v128.load(at(source, i)));
  for (; i < count; i++) store<f32>(at(target, i), load<f32>(at(source, i)));
}

/** Adds `count` floats of `source` to those of `target`. */
export function addFloats(target: usize, source: usize, count: i32): void {
  const vectored = count & ~3;
  let i = 0;
  for (; i < vectored; i += 4) {
    v128.store(at(target, i), f32x4.add(v128.load(at(target, i)), v128.load(at(source, i))));
  }
  for (; i < count; i++) store<f32>(at(target, i), load<f32>(at(target, i)) + load<f32>(at(source, i)));
}
