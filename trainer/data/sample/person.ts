import { fill, type Canvas, type Color } from "./canvas.ts";
import { scaled, type Chance } from "./chance.ts";
import { box, capsule, ellipse, polygon, type Point } from "./shapes.ts";

const skins: readonly [Color, ...Color[]] = [
  [0.82, 0.62, 0.5],
  [0.68, 0.48, 0.36],
  [0.45, 0.3, 0.22],
  [0.28, 0.18, 0.13],
];

/** Where a thing stands: its foot point and the pixels of a metre there. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly metre: number;
}

interface Body {
  readonly place: Placement;
  readonly height: number;
  readonly facing: number;
  readonly stride: number;
  readonly shirt: Color;
  readonly trousers: Color;
  readonly skin: Color;
}

/** Paints somebody who stands or walks, 1.5 to 1.95 m tall. */
export function paintPerson(canvas: Canvas, chance: Chance, place: Placement): void {
  const body: Body = {
    place,
    height: place.metre * chance.between(1.5, 1.95),
    facing: chance.sign(),
    stride: chance.happens(0.6) ? chance.between(0.06, 0.17) : chance.between(0.02, 0.05),
    shirt: chance.color(0.06, 0.95, 0.5),
    trousers: chance.color(0.04, 0.7, 0.25),
    skin: chance.pick(skins),
  };
  const swing = chance.between(-0.16, 0.16);
  paintArm(canvas, body, -swing, 0.8);
  if (chance.happens(0.25)) paintBackpack(canvas, body, chance.color(0.05, 0.8, 0.4));
  paintLegs(canvas, body, chance);
  paintTorso(canvas, body, chance);
  paintHead(canvas, body, chance);
  paintArm(canvas, body, swing, 1);
}

/** Along the body: 0 at the feet, 1 at the top of the head; across in shares of the height too. */
function at({ place, height, facing }: Body, across: number, up: number): Point {
  return [place.x + facing * across * height, place.y - up * height];
}

function paintLegs(canvas: Canvas, body: Body, chance: Chance): void {
  const { height, stride, trousers } = body;
  const thigh = 0.058 * height;
  const ankle = 0.034 * height;
  const shoe = chance.color(0.03, 0.6, 0.1);
  for (const side of [-1, 1]) {
    const tone = scaled(trousers, side < 0 ? 0.82 : 1);
    const hip = at(body, side * 0.04, 0.5);
    const knee = at(body, side * (0.04 + stride * 0.55) + 0.015, 0.27);
    const foot = at(body, side * (0.035 + stride), 0.04);
    fill(canvas, capsule(hip, knee, thigh, 0.047 * height), tone);
    fill(canvas, capsule(knee, foot, 0.047 * height, ankle), tone);
    fill(canvas, capsule(foot, at(body, side * (0.035 + stride) + 0.05, 0.02), ankle, 0.022 * height), shoe);
  }
}

function paintTorso(canvas: Canvas, body: Body, chance: Chance): void {
  const { height, shirt } = body;
  const shoulder = chance.between(0.115, 0.14);
  const waist = chance.between(0.085, 0.115);
  const torso = polygon([
    at(body, -shoulder, 0.82),
    at(body, shoulder, 0.82),
    at(body, waist, 0.47),
    at(body, -waist, 0.47),
  ]);
  fill(
    canvas,
    capsule(at(body, -shoulder + 0.03, 0.81), at(body, shoulder - 0.03, 0.81), 0.035 * height),
    shirt,
  );
  fill(canvas, torso, (x) => scaled(shirt, 1 - (0.25 * (body.place.x - x)) / Math.max(0.2 * height, 1)));
}

function paintHead(canvas: Canvas, body: Body, chance: Chance): void {
  const { height, skin, facing } = body;
  const [x, y] = at(body, 0.012, 0.925);
  const radius = 0.068 * height;
  fill(canvas, capsule(at(body, 0, 0.82), at(body, 0.01, 0.9), 0.032 * height), scaled(skin, 0.85));
  fill(canvas, ellipse(x, y, radius * 0.86, radius * 1.08), skin);
  const hair = chance.color(0.02, 0.5, 0.2);
  const hairLine = y - radius * chance.between(0.1, 0.45);
  fill(
    canvas,
    ellipse(x - facing * radius * 0.16, hairLine - radius * 0.25, radius * 0.92, radius * 0.72),
    hair,
  );
  if (chance.happens(0.25)) {
    const brim = radius * 1.25;
    fill(
      canvas,
      box(x - brim, hairLine - 0.4, x + brim, hairLine + radius * 0.25, 1),
      chance.color(0.05, 0.9, 0.4),
    );
  }
}

function paintArm(canvas: Canvas, body: Body, swing: number, tone: number): void {
  const { height, shirt, skin } = body;
  const side = swing < 0 ? -1 : 1;
  const shoulder = at(body, side * 0.115, 0.79);
  const elbow = at(body, side * 0.135 + swing * 0.5, 0.62);
  const hand = at(body, side * 0.12 + swing * 1.1, 0.48);
  fill(canvas, capsule(shoulder, elbow, 0.036 * height, 0.03 * height), scaled(shirt, 0.88 * tone));
  fill(canvas, capsule(elbow, hand, 0.029 * height, 0.023 * height), scaled(shirt, 0.85 * tone));
  fill(canvas, ellipse(hand[0], hand[1], 0.03 * height, 0.03 * height), scaled(skin, tone));
}

function paintBackpack(canvas: Canvas, body: Body, color: Color): void {
  const [x, y] = at(body, -0.13, 0.7);
  fill(canvas, ellipse(x, y, 0.075 * body.height, 0.13 * body.height), color);
}
