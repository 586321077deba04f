// What the processor's SIMD gives a WebAssembly module: sums of products over operands that stay in the first-level
// cache. Built by test/bench/peak/build.sh; the memory's content does not matter as long as it is small numbers.

function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

function multiplyAddPairs(sum: v128, a: v128, b: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** `turns * 192 * 64` float32 operations on the first 49 KB of the memory behind `start`. */
export function float32(turns: i32, start: usize): void {
  let c0 = v128.load(start);
  let c1 = c0,
    c2 = c0,
    c3 = c0,
    c4 = c0,
    c5 = c0,
    c6 = c0,
    c7 = c0;
  let b0 = c0,
    b1 = c0,
    b2 = c0,
    b3 = c0,
    s = c0;
  do {
    let w = start;
    let p = start + 32768;
    let q = p + 1024;
    let k = 192;
    do {
      b0 = v128.load(w);
      b1 = v128.load(w, 16);
      b2 = v128.load(w, 32);
      b3 = v128.load(w, 48);
      w += 64;
      s = v128.load32_splat(p);
      p += 4;
      c0 = multiplyAdd(c0, s, b0);
      c1 = multiplyAdd(c1, s, b1);
      c2 = multiplyAdd(c2, s, b2);
      c3 = multiplyAdd(c3, s, b3);
      s = v128.load32_splat(q);
      q += 4;
      c4 = multiplyAdd(c4, s, b0);
      c5 = multiplyAdd(c5, s, b1);
      c6 = multiplyAdd(c6, s, b2);
      c7 = multiplyAdd(c7, s, b3);
      if (--k == 0) break;
      b0 = v128.load(w);
      b1 = v128.load(w, 16);
      b2 = v128.load(w, 32);
      b3 = v128.load(w, 48);
      w += 64;
      s = v128.load32_splat(p);
      p += 4;
      c0 = multiplyAdd(c0, s, b0);
      c1 = multiplyAdd(c1, s, b1);
      c2 = multiplyAdd(c2, s, b2);
      c3 = multiplyAdd(c3, s, b3);
      s = v128.load32_splat(q);
      q += 4;
      c4 = multiplyAdd(c4, s, b0);
      c5 = multiplyAdd(c5, s, b1);
      c6 = multiplyAdd(c6, s, b2);
      c7 = multiplyAdd(c7, s, b3);
    } while (--k);
  } while (--turns);
  const low = f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3));
  v128.store(start, f32x4.add(low, f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7))), 40000);
}

/** `turns * 64 * 128` operations on 16-bit integers, added to 32-bit sums. */
export function int16(turns: i32, start: usize): void {
  let c0 = v128.load(start);
  let c1 = c0,
    c2 = c0,
    c3 = c0,
    c4 = c0,
    c5 = c0,
    c6 = c0,
    c7 = c0;
  do {
    let w = start;
    let p = start + 16384;
    let k = 64;
    do {
      const b0 = v128.load(w);
      const b1 = v128.load(w, 16);
      const b2 = v128.load(w, 32);
      const b3 = v128.load(w, 48);
      w += 64;
      let s = v128.load32_splat(p);
      c0 = multiplyAddPairs(c0, s, b0);
      c1 = multiplyAddPairs(c1, s, b1);
      c2 = multiplyAddPairs(c2, s, b2);
      c3 = multiplyAddPairs(c3, s, b3);
      s = v128.load32_splat(p, 1024);
      c4 = multiplyAddPairs(c4, s, b0);
      c5 = multiplyAddPairs(c5, s, b1);
      c6 = multiplyAddPairs(c6, s, b2);
      c7 = multiplyAddPairs(c7, s, b3);
      p += 4;
    } while (--k);
  } while (--turns);
  const low = i32x4.add(i32x4.add(c0, c1), i32x4.add(c2, c3));
  v128.store(start, i32x4.add(low, i32x4.add(i32x4.add(c4, c5), i32x4.add(c6, c7))), 40000);
}
