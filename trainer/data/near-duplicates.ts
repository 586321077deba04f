/** An image as grouping sees it. */
export interface HashedImage {
  readonly sha256: string;
  /** Difference hash, 16 hex digits. */
  readonly perceptualHash: string;
}

/** Differing bits of 64 up to which two images count as one picture; unrelated ones differ in about 32. */
export const nearDuplicateBits = 3;

/** Groups above this share of all images are a scene rather than copies of a picture, and are told apart closer. */
const maxGroupShare = 0.02;
const maxSmallGroup = 10;

/**
 * Groups images that belong together: equal ones, those of one source, and chains of pictures whose difference hashes
 * are at most 3 bits apart. Frames of a camera that never moves are all alike by that measure; where likeness joins more
 * than 10 images and 2 % of all beyond the equal ones or the largest source, the group is taken apart again by a smaller
 * distance. Equal bytes and sources always stay whole.
 * @param sources the source of each image, where it has one
 * @returns groups of positions in `images`; every position is in one of them
 */
export function groupNearDuplicates(
  images: readonly HashedImage[],
  sources: readonly (string | undefined)[] = [],
): number[][] {
  const hashes = parseHashes(images);
  const every = Array.from(images.keys());
  const atoms = findAtoms(images, sources);
  const done: number[][] = [];
  let open = [every];
  for (let distance = nearDuplicateBits; distance >= 0; distance -= 1) {
    const next: number[][] = [];
    for (const members of open) {
      for (const group of groupWithin(images, hashes, atoms, members, distance)) {
        (isScene(group, atoms) ? next : done).push(group);
      }
    }
    open = next;
  }
  for (const members of open) done.push(...collect(members, (member) => atoms[member] as number));
  return done;
}

/**
 * Groups of pictures that are nearly alike, however many: the scenes that {@link groupNearDuplicates} takes apart.
 * @returns groups of positions in `images`
 */
export function findScenes(images: readonly HashedImage[]): number[][] {
  const every = Array.from(images.keys());
  const atoms = findAtoms(images, []);
  const alike = groupWithin(images, parseHashes(images), atoms, every, nearDuplicateBits);
  return alike.filter((group) => isScene(group, atoms));
}

/** Whether likeness has joined too many images, beyond those that are together anyway, for copies of one picture. */
function isScene(group: readonly number[], atoms: Int32Array): boolean {
  const parts = collect(group, (member) => atoms[member] as number);
  const largest = parts.reduce((most, part) => Math.max(most, part.length), 0);
  return group.length - largest >= Math.max(maxSmallGroup, Math.floor(atoms.length * maxGroupShare));
}

/** What is never taken apart: equal files and sources. @returns the atom of each image */
function findAtoms(images: readonly HashedImage[], sources: readonly (string | undefined)[]): Int32Array {
  const sets = createDisjointSets(images.length);
  const every = Array.from(images.keys());
  for (const group of collect(every, (member) => images[member]?.sha256 ?? "")) joinAll(sets, group);
  const sourced = every.filter((member) => sources[member] !== undefined);
  for (const group of collect(sourced, (member) => sources[member] ?? "")) joinAll(sets, group);
  return Int32Array.from(every, (member) => sets.find(member));
}

interface Hashes {
  /** `[N]`, the upper 32 bits. */
  readonly high: Uint32Array;
  /** `[N]`, the lower 32 bits. */
  readonly low: Uint32Array;
}

/**
 * Reads the hashes with their bits in another order, which changes no distance: each quarter gets one bit of every
 * digit. Pictures on a plain ground have whole rows of equal bits, and would else all have a block in common.
 */
function parseHashes(images: readonly HashedImage[]): Hashes {
  const high = new Uint32Array(images.length);
  const low = new Uint32Array(images.length);
  for (const [i, { perceptualHash }] of images.entries()) {
    for (let place = 0; place < 16; place += 1) {
      const digit = Number.parseInt(perceptualHash.charAt(place), 16);
      high[i] = ((high[i] as number) << 1) | ((digit & 8) << 13) | ((digit & 4) >>> 2);
      low[i] = ((low[i] as number) << 1) | ((digit & 2) << 15) | (digit & 1);
    }
  }
  return { high, low };
}

/**
 * Two hashes at most `distance` bits apart agree in at least one of `distance + 1` blocks of their bits (the pigeonhole
 * principle; M. Norouzi et al., "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012), so that only
 * pictures with a block in common have to be compared.
 */
function groupWithin(
  images: readonly HashedImage[],
  hashes: Hashes,
  atoms: Int32Array,
  members: readonly number[],
  distance: number,
): number[][] {
  const sets = createDisjointSets(images.length);
  for (const atom of collect(members, (member) => atoms[member] as number)) joinAll(sets, atom);
  const alike = collect(members, (member) => images[member]?.perceptualHash ?? "");
  for (const group of alike) joinAll(sets, group);
  const representatives = alike.flatMap((group) => group.slice(0, 1));
  for (let block = 0; block <= distance; block += 1) {
    const buckets = new Map<number, number[]>();
    for (const member of representatives) {
      const key = blockOf(hashes, member, block, distance + 1);
      const bucket = buckets.get(key);
      if (bucket === undefined) {
        buckets.set(key, [member]);
        continue;
      }
      for (const other of bucket) {
        if (sets.find(other) !== sets.find(member) && distanceOf(hashes, member, other) <= distance) {
          sets.join(other, member);
        }
      }
      bucket.push(member);
    }
  }
  return collect(members, (member) => sets.find(member));
}

function collect(members: readonly number[], keyOf: (member: number) => string | number): number[][] {
  return [...Map.groupBy(members, keyOf).values()];
}

/** The bits of block `block` of `blocks`; blocks are 16 to 64 bits, so those of more than 32 are folded. */
function blockOf({ high, low }: Hashes, member: number, block: number, blocks: number): number {
  const upper = high[member] as number;
  const lower = low[member] as number;
  switch (blocks) {
    case 1:
      return upper * 0x1_0000_0000 + lower;
    case 2:
      return block === 0 ? upper : lower;
    case 3:
      // 21, 22 and 21 bits.
      if (block === 0) return upper >>> 11;
      return block === 1 ? ((upper & 0x7ff) << 11) | (lower >>> 21) : lower & 0x1f_ffff;
    default:
      // 16 bits each.
      return ((block < 2 ? upper : lower) >>> (block % 2 === 0 ? 16 : 0)) & 0xffff;
  }
}

function distanceOf({ high, low }: Hashes, one: number, other: number): number {
  return (
    countBits((high[one] as number) ^ (high[other] as number)) +
    countBits((low[one] as number) ^ (low[other] as number))
  );
}

/** Number of ones among 32 bits (H. S. Warren, "Hacker's Delight", 5-1). */
function countBits(word: number): number {
  let sum = word - ((word >>> 1) & 0x5555_5555);
  sum = (sum & 0x3333_3333) + ((sum >>> 2) & 0x3333_3333);
  sum = (sum + (sum >>> 4)) & 0x0f0f_0f0f;
  return Math.imul(sum, 0x0101_0101) >>> 24;
}

interface DisjointSets {
  find(member: number): number;
  join(one: number, other: number): void;
}

/** Sets that grow together (union-find with path halving). */
function createDisjointSets(size: number): DisjointSets {
  const parents = Int32Array.from({ length: size }, (_, i) => i);
  function find(member: number): number {
    let root = member;
    while (parents[root] !== root) {
      const parent = parents[root] as number;
      parents[root] = parents[parent] as number;
      root = parents[root] as number;
    }
    return root;
  }
  return {
    find,
    join: (one, other) => {
      parents[find(one)] = find(other);
    },
  };
}

function joinAll(sets: DisjointSets, group: readonly number[]): void {
  const [first = 0] = group;
  for (const member of group) sets.join(first, member);
}
