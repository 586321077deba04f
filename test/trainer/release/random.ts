/** Numbers drawn from a seed. */
export interface Random {
  /** 0 inclusive to 1 exclusive. */
  uniform(): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  /** 0 to `below` - 1. */
  integer(below: number): number;
  pick<T>(values: readonly T[]): T;
  /** True in `probability` of the calls. */
  chance(probability: number): boolean;
}

/** Mulberry32: small and even enough for test data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number): number => Math.floor(uniform() * below);
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    pick: <T>(values: readonly T[]): T => values[integer(values.length)] as T,
    chance: (probability) => uniform() < probability,
  };
}
