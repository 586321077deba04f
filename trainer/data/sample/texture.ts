import type { Chance } from "./chance.ts";

/** A smooth random field. @returns -1 to 1 at a point */
export type Texture = (x: number, y: number) => number;

const latticeSide = 32;

/**
 * Value noise: random numbers on a lattice, smoothly joined (K. Perlin's fade curve).
 * @param size pixels between two lattice points
 */
export function createTexture(chance: Chance, size: number): Texture {
  const lattice = Float32Array.from({ length: latticeSide * latticeSide }, () => chance.between(-1, 1));
  const at = (column: number, row: number): number =>
    lattice[(row & (latticeSide - 1)) * latticeSide + (column & (latticeSide - 1))] as number;
  return (x, y) => {
    const u = x / size;
    const v = y / size;
    const column = Math.floor(u);
    const row = Math.floor(v);
    const shareX = fade(u - column);
    const shareY = fade(v - row);
    const upper = at(column, row) + shareX * (at(column + 1, row) - at(column, row));
    const lower = at(column, row + 1) + shareX * (at(column + 1, row + 1) - at(column, row + 1));
    return upper + shareY * (lower - upper);
  };
}

function fade(share: number): number {
  return share * share * (3 - 2 * share);
}
