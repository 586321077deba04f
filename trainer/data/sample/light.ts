import type { Canvas, Color } from "./canvas.ts";
import { scaled, type Chance } from "./chance.ts";
import type { Stage } from "./stage.ts";

/** How a scene is lit. */
export interface Light {
  readonly isNight: boolean;
  /** Light from everywhere. */
  readonly ambient: Color;
  /** Lamps whose light fades with distance. */
  readonly lamps: readonly Lamp[];
}

interface Lamp {
  readonly x: number;
  readonly y: number;
  /** Pixels at which half the light is left; circles on the ground look flat. */
  readonly reach: number;
  readonly color: Color;
}

/** Chooses day, dusk or night with lamps. */
export function chooseLight(chance: Chance, canvas: Canvas, stage: Stage): Light {
  const isNight = chance.happens(0.25);
  const level = isNight ? chance.between(0.22, 0.4) : chance.between(0.55, 1.05);
  const warmth = chance.between(-0.12, 0.12);
  const ambient: Color = [level * (1 + warmth), level, level * (1 - warmth)];
  const count = isNight ? 1 + chance.random.integer(3) : chance.random.integer(2);
  const lamps = Array.from({ length: count }, (): Lamp => {
    const strength = isNight ? chance.between(0.15, 0.45) : chance.between(0.1, 0.3);
    const warm = chance.between(0, 0.35);
    return {
      x: chance.between(-10, canvas.width + 10),
      y: chance.between(stage.horizon, canvas.height),
      reach: chance.between(18, 60),
      color: scaled([1, 1 - warm * 0.5, 1 - warm], strength),
    };
  });
  return { isNight, ambient, lamps };
}

/** Light of the lamps and the surroundings at a point. */
export function lightAt({ ambient, lamps }: Light, x: number, y: number): [number, number, number] {
  let [red, green, blue] = ambient;
  for (const lamp of lamps) {
    const u = (x - lamp.x) / lamp.reach;
    const v = (1.6 * (y - lamp.y)) / lamp.reach;
    const share = 1 / (1 + u * u + v * v);
    const strength = share * share * 2;
    red += strength * lamp.color[0];
    green += strength * lamp.color[1];
    blue += strength * lamp.color[2];
  }
  return [red, green, blue];
}
