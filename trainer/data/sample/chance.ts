import { stream, type RandomStream } from "../../training/random.ts";
import type { Color } from "./canvas.ts";

/** Random choices of a scene, all from one seeded stream. */
export interface Chance {
  readonly random: RandomStream;
  /** A number in [low, high). */
  between(low: number, high: number): number;
  /** `true` with that probability. */
  happens(probability: number): boolean;
  /** -1 or 1. */
  sign(): number;
  /** One of the values. */
  pick<T>(values: readonly [T, ...T[]]): T;
  /** A grey to coloured surface. @param colorfulness 0 (grey) to 1 */
  color(darkest: number, brightest: number, colorfulness: number): Color;
  /** One of the colours, up to a quarter darker or brighter, and a little off. */
  shadeOf(colors: readonly [Color, ...Color[]]): Color;
}

/** The choices of one image. @param name of the stream, e.g. `person/12` */
export function createChance(seed: number, name: string): Chance {
  const random = stream(seed, name);
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  return {
    random,
    between,
    happens: (probability) => random.uniform() < probability,
    sign: () => (random.uniform() < 0.5 ? -1 : 1),
    pick: (values) => values[random.integer(values.length)] ?? values[0],
    color(darkest, brightest, colorfulness) {
      const level = between(darkest, brightest);
      const tint = (): number => Math.min(Math.max(level + colorfulness * between(-0.45, 0.45), 0.02), 1);
      return [tint(), tint(), tint()];
    },
    shadeOf(colors) {
      const [red, green, blue] = colors[random.integer(colors.length)] ?? colors[0];
      const level = between(0.75, 1.25);
      return [red * level * between(0.92, 1.08), green * level, blue * level * between(0.92, 1.08)];
    },
  };
}

/** A colour made darker or brighter. */
export function scaled([red, green, blue]: Color, factor: number): Color {
  return [red * factor, green * factor, blue * factor];
}

/** A colour between two. @param share 0 for `from`, 1 for `to` */
export function mixed(from: Color, to: Color, share: number): Color {
  return [
    from[0] + share * (to[0] - from[0]),
    from[1] + share * (to[1] - from[1]),
    from[2] + share * (to[2] - from[2]),
  ];
}
