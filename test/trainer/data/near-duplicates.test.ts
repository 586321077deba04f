import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { hashDistance } from "../../../shared/image/perceptual-hash.ts";
import { findScenes, groupNearDuplicates, type HashedImage } from "../../../trainer/data/near-duplicates.ts";
import { stream } from "../../../trainer/training/random.ts";

describe("groupNearDuplicates", () => {
  it("keeps unrelated images apart", ({ expect }) => {
    const images = randomImages(200);
    expect(groupNearDuplicates(images)).toHaveLength(200);
  });

  it("joins images whose hashes differ in up to 3 bits, wherever the bits are", ({ expect }) => {
    const bits = fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { minLength: 0, maxLength: 5 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), bits, (hash, flipped) => {
        const other = flipped.reduce((changed, bit) => changed ^ (1n << BigInt(bit)), hash);
        const images = [image("one", hash), image("other", other)];
        expect(groupNearDuplicates(images)).toHaveLength(flipped.length <= 3 ? 1 : 2);
      }),
    );
  });

  it("finds what comparing every pair finds", ({ expect }) => {
    const images = clusteredImages(400);
    const groups = groupNearDuplicates(images);
    const groupOf = new Map(groups.flatMap((group, i) => group.map((member) => [member, i] as const)));
    expect(groupOf.size).toBe(images.length);
    for (const [i, one] of images.entries()) {
      for (const [j, other] of images.entries()) {
        const isNear = hashDistance(one.perceptualHash, other.perceptualHash) <= 3;
        if (isNear) expect(groupOf.get(i)).toBe(groupOf.get(j));
      }
    }
    expect(groups.length).toBeLessThan(images.length);
  });

  it("joins equal files even where their hashes are alike in nothing", ({ expect }) => {
    expect(groupNearDuplicates([image("same", 0n), image("same", 2n ** 64n - 1n)])).toHaveLength(1);
  });

  it("takes the frames of a camera that never moves apart, but for equal files", ({ expect }) => {
    const frames = Array.from({ length: 300 }, (_, i) => image(`frame ${Math.floor(i / 2)}`, 5n));
    const groups = groupNearDuplicates(frames);
    expect(groups).toHaveLength(150);
    expect(groups.every((group) => group.length === 2)).toBe(true);
  });

  it("takes them apart into their sequences, where these are known", ({ expect }) => {
    const frames = Array.from({ length: 300 }, (_, i) => image(`frame ${i}`, 5n));
    const groups = groupNearDuplicates(
      frames,
      frames.map((_, i) => `sequence ${Math.floor(i / 30)}`),
    );
    expect(groups.map((group) => group.length)).toEqual(Array.from({ length: 10 }, () => 30));
  });

  it("keeps a near-duplicate with a source, however large that is", ({ expect }) => {
    const random = randomImages(100);
    const copy = image("copy", BigInt(`0x${random[99]?.perceptualHash}`) ^ 1n);
    const groups = groupNearDuplicates(
      [...random, copy],
      random.map((_, i) => (i < 60 ? undefined : "long")),
    );
    expect(groups.find((group) => group.includes(100))).toHaveLength(41);
  });

  it("manages 50,000 images, a tenth of them near-duplicates", ({ expect }) => {
    const images = clusteredImages(50_000);
    const members = groupNearDuplicates(images).flat();
    expect(new Set(members).size).toBe(50_000);
  });
});

describe("findScenes", () => {
  it("finds what is alike in too many pictures to be copies of one", ({ expect }) => {
    const frames = Array.from({ length: 11 }, (_, i) => image(`frame ${i}`, 5n));
    const copies = Array.from({ length: 40 }, () => image("copy", 0xff_ff00n));
    expect(findScenes([...copies, ...frames])).toEqual([frames.map((_, i) => 40 + i)]);
    expect(findScenes([...copies, ...frames.slice(1)])).toEqual([]);
  });
});

function image(name: string, hash: bigint): HashedImage {
  return {
    sha256: createHash("sha256").update(name).digest("hex"),
    perceptualHash: hash.toString(16).padStart(16, "0"),
  };
}

function randomImages(count: number): HashedImage[] {
  const random = stream(1, "hashes");
  return Array.from({ length: count }, (_, i) =>
    image(`image ${i}`, (BigInt(random.nextUint32()) << 32n) | BigInt(random.nextUint32())),
  );
}

/** Random images, every tenth one a copy of the one before with up to 4 bits changed. */
function clusteredImages(count: number): HashedImage[] {
  const random = stream(2, "copies");
  const images = randomImages(count);
  return images.map((original, i) => {
    const before = images[i - 1];
    if (i % 10 !== 9 || before === undefined) return original;
    let hash = BigInt(`0x${before.perceptualHash}`);
    for (let bit = random.integer(5); bit > 0; bit -= 1) hash ^= 1n << BigInt(random.integer(64));
    return image(`image ${i}`, hash);
  });
}
