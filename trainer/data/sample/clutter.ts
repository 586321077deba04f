import { fill, shade, type Canvas } from "./canvas.ts";
import { scaled, type Chance } from "./chance.ts";
import { fittings, leaves, posts } from "./palette.ts";
import type { Stage } from "./stage.ts";
import { box, capsule, ellipse, polygon, roughen } from "./shapes.ts";
import { createTexture } from "./texture.ts";

/** Things that stand around in every class alike: they must not give the class away. */
export function paintClutter(canvas: Canvas, chance: Chance, stage: Stage): void {
  const pieces = chance.random.integer(3);
  for (let i = 0; i < pieces; i += 1) {
    const x = chance.between(0, canvas.width);
    const y = stage.horizon + chance.between(0, 0.3) * (canvas.height - stage.horizon);
    const piece = chance.pick([paintTree, paintPole, paintBush, paintFence, paintBin, paintSign]);
    piece(canvas, chance, x, y, 0.6 * stage.metre(y));
  }
}

/** Shadows of things outside the picture. */
export function paintShadows(canvas: Canvas, chance: Chance, stage: Stage): void {
  const shadows = chance.random.integer(2);
  for (let i = 0; i < shadows; i += 1) {
    const x = chance.between(-20, canvas.width + 20);
    const y = chance.between(stage.horizon, canvas.height);
    const texture = createTexture(chance, chance.between(5, 14));
    const wide = chance.between(12, 60);
    const shape = chance.happens(0.5)
      ? roughen(ellipse(x, y, wide, wide * chance.between(0.15, 0.5)), 6, (u, v) => 5 * texture(u, v))
      : polygon([
          [x, stage.horizon],
          [x + wide * 0.7, stage.horizon],
          [x + wide * chance.between(0.8, 2.2), canvas.height + 2],
          [x + wide * chance.between(-1, 0.6), canvas.height + 2],
        ]);
    shade(canvas, shape, chance.between(0.2, 0.55), { softness: chance.between(1.5, 5) });
  }
}

/** A thing close to the camera that hides a part of what is behind, a third of it at most. */
export function paintForeground(canvas: Canvas, chance: Chance, hiddenX: number, width: number): void {
  const side = chance.sign();
  if (chance.happens(0.6)) {
    const half = Math.min(chance.between(1.2, 3.4), width / 7);
    const x = hiddenX + side * width * chance.between(0.2, 0.5);
    const lean = chance.between(-3, 3);
    fill(canvas, capsule([x - lean, -5], [x + lean, canvas.height + 5], half), chance.shadeOf(posts));
  } else {
    const texture = createTexture(chance, chance.between(3, 6));
    const wide = chance.between(12, 26);
    const x = hiddenX + side * (width * 0.25 + wide);
    const leaf = chance.shadeOf(leaves);
    const bush = ellipse(x, canvas.height + chance.between(0, 8), wide, chance.between(10, 24));
    fill(
      canvas,
      roughen(bush, 5, (u, v) => 4 * texture(u, v)),
      (u, v) => scaled(leaf, 1 + 0.5 * texture(u * 1.7, v * 1.7)),
    );
  }
}

type Piece = (canvas: Canvas, chance: Chance, x: number, y: number, metre: number) => void;

const paintTree: Piece = (canvas, chance, x, y, metre) => {
  const height = metre * chance.between(1.8, 3.2);
  const trunk = chance.shadeOf(posts);
  fill(
    canvas,
    capsule([x, y], [x + chance.between(-3, 3), y - height * 0.7], metre * 0.1, metre * 0.06),
    trunk,
  );
  const texture = createTexture(chance, chance.between(2.5, 6));
  const leaf = chance.shadeOf(leaves);
  const crowns = 1 + chance.random.integer(3);
  for (let i = 0; i < crowns; i += 1) {
    const crown = ellipse(
      x + chance.between(-0.35, 0.35) * metre,
      y - height * chance.between(0.75, 1),
      metre * chance.between(0.4, 0.8),
      metre * chance.between(0.4, 0.8),
    );
    fill(
      canvas,
      roughen(crown, 4, (u, v) => 3.5 * texture(u, v)),
      (u, v) => scaled(leaf, 1 + 0.5 * texture(v, u)),
    );
  }
};

const paintPole: Piece = (canvas, chance, x, y, metre) => {
  const top = y - metre * chance.between(1.4, 4);
  const half = chance.between(0.5, 1.6);
  fill(canvas, capsule([x, y], [x, top], half), chance.shadeOf(posts));
  if (chance.happens(0.4)) {
    const arm = chance.sign() * metre * 0.5;
    fill(canvas, capsule([x, top], [x + arm, top - 1], half * 0.8), chance.shadeOf(posts));
  }
};

const paintBush: Piece = (canvas, chance, x, y, metre) => {
  const texture = createTexture(chance, chance.between(2, 5));
  const leaf = chance.shadeOf(leaves);
  const bush = ellipse(x, y - metre * 0.2, metre * chance.between(0.3, 1), metre * chance.between(0.2, 0.5));
  fill(
    canvas,
    roughen(bush, 4, (u, v) => 3 * texture(u, v)),
    (u, v) => scaled(leaf, 1 + 0.5 * texture(v, u)),
  );
};

const paintFence: Piece = (canvas, chance, x, y, metre) => {
  const color = chance.shadeOf(posts);
  const height = metre * chance.between(0.5, 0.9);
  const step = chance.between(4, 9);
  const bars = 3 + chance.random.integer(8);
  const half = chance.between(0.4, 1.1);
  const right = x + (bars - 1) * step;
  for (let i = 0; i < bars; i += 1) {
    fill(canvas, box(x + i * step - half, y - height, x + i * step + half, y), color);
  }
  for (const level of [0.25, 0.85]) {
    fill(canvas, box(x, y - height * level - half, right, y - height * level + half), color);
  }
};

/** A round bin or bollard: an upright cylinder without edges of a carton or limbs of a person. */
const paintBin: Piece = (canvas, chance, x, y, metre) => {
  const half = metre * chance.between(0.16, 0.24);
  const height = metre * chance.between(0.35, 0.6);
  const color = chance.shadeOf(fittings);
  const round = (u: number): number => 1 - 0.5 * Math.abs((u - x) / half + 0.3);
  fill(canvas, box(x - half, y - height, x + half, y, half * 0.4), (u) => scaled(color, round(u)));
  fill(canvas, ellipse(x, y - height, half * 1.06, half * 0.35), scaled(color, 0.55));
};

const paintSign: Piece = (canvas, chance, x, y, metre) => {
  const top = y - metre * chance.between(1.2, 2.2);
  const half = metre * chance.between(0.12, 0.25);
  fill(canvas, capsule([x, y], [x, top], 0.8), [0.4, 0.4, 0.42]);
  const color = chance.color(0.2, 0.9, 0.6);
  fill(
    canvas,
    chance.happens(0.5) ? ellipse(x, top, half, half) : box(x - half, top - half, x + half, top + half),
    color,
  );
};
