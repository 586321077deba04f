/** A seeded stream of random numbers; the same on every machine. */
export interface RandomStream {
  /** Integer in 0..2^32-1. */
  nextUint32(): number;
  /** Number in [0, 1) with 32 random bits. */
  uniform(): number;
  /** Integer in 0..bound-1, every value equally likely. @param bound 1..2^32 */
  integer(bound: number): number;
}

/**
 * The stream of one purpose, e.g. `stream(7, "order/3")`. Streams of different names or seeds are independent, so
 * adding a use of randomness changes no other, and a resumed run needs no saved state but its seed and position.
 * @param seed any integer that a number holds exactly
 */
export function stream(seed: number, name: string): RandomStream {
  return sfc32(hash(`${seed}/${name}`));
}

/** Shuffles in place (Fisher-Yates). */
export function shuffle(values: Int32Array, random: RandomStream): void {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    const kept = values[last] as number;
    values[last] = values[other] as number;
    values[other] = kept;
  }
}

/** FNV-1a with 64 bits over the UTF-16 units. */
function hash(text: string): bigint {
  let state = 0xcbf2_9ce4_8422_2325n;
  for (let i = 0; i < text.length; i++) {
    state = BigInt.asUintN(64, (state ^ BigInt(text.charCodeAt(i))) * 0x100_0000_01b3n);
  }
  return state;
}

/** sfc32 (Doty-Humphrey, PractRand), seeded by 64 bits. */
function sfc32(seed: bigint): RandomStream {
  let a = Number(seed & 0xffff_ffffn) | 0;
  let b = Number(seed >> 32n) | 0;
  let c = 0;
  let counter = 1;
  const nextUint32 = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  // the first outputs still show the seed
  for (let i = 0; i < 12; i++) nextUint32();
  return {
    nextUint32,
    uniform: () => nextUint32() / 2 ** 32,
    integer: (bound) => {
      const limit = 2 ** 32 - (2 ** 32 % bound);
      let value = nextUint32();
      while (value >= limit) value = nextUint32();
      return value % bound;
    },
  };
}
