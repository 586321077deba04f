import { fill, type Canvas, type Paint } from "./canvas.ts";
import { mixed, scaled, type Chance } from "./chance.ts";
import { fittings, grounds, leaves, posts, skies, walls } from "./palette.ts";
import { box, polygon, type Point } from "./shapes.ts";
import { createTexture } from "./texture.ts";

/** The empty place that a camera looks at. */
export interface Stage {
  /** Pixels from the top to where the ground begins. */
  readonly horizon: number;
  /** How large things are whose feet are at `y`: pixels of a metre. */
  readonly metre: (y: number) => number;
}

/** Paints wall or sky, ground and markings, and says how the camera sees them. */
export function paintStage(canvas: Canvas, chance: Chance): Stage {
  const { width, height } = canvas;
  const horizon = chance.between(0.16, 0.42) * height;
  const nearest = chance.between(46, 54);
  const back = chance.pick(["sky", "wall", "wall", "trees"] as const);
  fill(canvas, box(0, 0, width, height), backPaint(back, canvas, chance));
  if (back === "wall") paintWall(canvas, chance, horizon);
  fill(canvas, box(-5, horizon, width + 5, height + 5), groundPaint(chance, horizon));
  paintGroundMarks(canvas, chance, horizon);
  return {
    horizon,
    // Things at the horizon of a downward camera are not infinitely far: they keep most of their size.
    metre: (y) => nearest * (0.7 + (0.3 * (y - horizon)) / (height - horizon)),
  };
}

function backPaint(back: "sky" | "wall" | "trees", canvas: Canvas, chance: Chance): Paint {
  const texture = createTexture(chance, back === "trees" ? chance.between(4, 9) : chance.between(14, 40));
  const roughness = back === "trees" ? 0.28 : 0.08;
  const palette = { sky: skies, wall: walls, trees: leaves }[back];
  const top = chance.shadeOf(palette);
  const bottom = mixed(top, chance.shadeOf(palette), 0.5);
  return (x, y) => {
    const rough = texture(x, y) + 0.7 * texture(y * 2.3, x * 2.3);
    return scaled(mixed(top, bottom, (2 * y) / canvas.height), 1 + roughness * rough);
  };
}

function groundPaint(chance: Chance, horizon: number): Paint {
  const near = chance.shadeOf(grounds);
  const far = scaled(near, chance.between(0.75, 1.25));
  const fine = createTexture(chance, chance.between(1.5, 4));
  const coarse = createTexture(chance, chance.between(10, 30));
  const grain = chance.between(0.02, 0.14);
  const patches = chance.between(0.02, 0.16);
  return (x, y) => {
    const depth = Math.min((y - horizon) / 80, 1);
    // Ground is seen at a slant: its texture is wider than high.
    const rough = 1 + grain * fine(x, y * 2) + patches * coarse(x, y * 2.5);
    return scaled(mixed(far, near, depth), rough);
  };
}

function paintWall(canvas: Canvas, chance: Chance, horizon: number): void {
  const seam = chance.shadeOf(posts);
  const openings = chance.random.integer(4);
  for (let i = 0; i < openings; i += 1) {
    const left = chance.between(-10, canvas.width - 10);
    const isDoor = chance.happens(0.4);
    const openingWidth = isDoor ? chance.between(14, 22) : chance.between(10, 34);
    const top = horizon - (isDoor ? chance.between(26, 44) : chance.between(18, 40));
    const bottom = isDoor ? horizon : top + chance.between(8, 16);
    fill(canvas, box(left - 1.5, top - 1.5, left + openingWidth + 1.5, bottom + 1.5), seam);
    fill(canvas, box(left, top, left + openingWidth, bottom), chance.shadeOf(fittings));
  }
  if (chance.happens(0.4)) {
    const step = chance.between(4, 9);
    for (let y = horizon - step; y > 0; y -= step) {
      fill(canvas, box(0, y, canvas.width, y + 0.7), seam, { opacity: 0.35 });
    }
  }
}

/** A path or road, and lines on it. */
function paintGroundMarks(canvas: Canvas, chance: Chance, horizon: number): void {
  const { width, height } = canvas;
  if (chance.happens(0.55)) {
    const far = chance.between(-20, width + 20);
    const near = chance.between(-40, width + 40);
    const farWidth = chance.between(8, 45);
    const nearWidth = farWidth * chance.between(1.6, 4);
    const road = chance.shadeOf(grounds);
    const texture = createTexture(chance, chance.between(2, 8));
    const corners: Point[] = [
      [far - farWidth / 2, horizon],
      [far + farWidth / 2, horizon],
      [near + nearWidth / 2, height + 2],
      [near - nearWidth / 2, height + 2],
    ];
    fill(canvas, polygon(corners), (x, y) => scaled(road, 1 + 0.08 * texture(x, y * 2)));
  }
  const lines = chance.random.integer(3);
  const paint = chance.color(0.1, 1, 0.1);
  for (let i = 0; i < lines; i += 1) {
    const from = chance.between(-20, width + 20);
    const to = from + chance.between(-60, 60);
    const top = chance.between(horizon, height);
    const bottom = chance.between(horizon, height + 20);
    const thick = chance.between(0.6, 2.2);
    const corners: Point[] = [
      [from, top],
      [from + thick, top],
      [to + 2 * thick, bottom],
      [to, bottom],
    ];
    fill(canvas, polygon(corners), paint, { opacity: 0.7 });
  }
}
