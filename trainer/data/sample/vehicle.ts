import { fill, glow, type Canvas, type Color } from "./canvas.ts";
import { scaled, type Chance } from "./chance.ts";
import type { Placement } from "./person.ts";
import { box, ellipse, polygon, type Point } from "./shapes.ts";

/** A car's side in shares of its length: x 0 at the tail and 1 at the front, y upwards. */
interface Profile {
  readonly metres: number;
  readonly height: number;
  readonly belt: number;
  /** Tail and front end of the roof, and where the windows meet the body. */
  readonly cabin: readonly [tail: number, roofTail: number, roofFront: number, front: number];
}

const profiles: readonly [Profile, ...Profile[]] = [
  { metres: 2.4, height: 0.36, belt: 0.21, cabin: [0.08, 0.24, 0.58, 0.76] },
  { metres: 2.2, height: 0.41, belt: 0.23, cabin: [0.01, 0.07, 0.56, 0.74] },
  { metres: 2.5, height: 0.42, belt: 0.25, cabin: [0.02, 0.06, 0.66, 0.82] },
  { metres: 2.6, height: 0.5, belt: 0.27, cabin: [0, 0.02, 0.78, 0.92] },
];

const glass: Color = [0.07, 0.09, 0.12];
const tyre: Color = [0.035, 0.035, 0.04];

/** Paints a car or a van from its side, from the front or from behind. @param lit whether its lights are on */
export function paintVehicle(canvas: Canvas, chance: Chance, place: Placement, lit: boolean): void {
  const paint = chance.happens(0.45) ? chance.color(0.04, 0.95, 0.03) : chance.color(0.1, 0.8, 0.7);
  if (chance.happens(0.7)) paintSide(canvas, chance, place, paint, lit);
  else paintFront(canvas, chance, place, paint, lit);
}

function paintSide(canvas: Canvas, chance: Chance, place: Placement, paint: Color, lit: boolean): void {
  const profile: Profile = chance.pick(profiles);
  const length = place.metre * profile.metres * chance.between(0.9, 1.1);
  const facing = chance.sign();
  const at = (along: number, up: number): Point => [
    place.x + facing * (along - 0.5) * length,
    place.y - up * length,
  ];
  const [tail, roofTail, roofFront, front] = profile.cabin;
  const { belt, height } = profile;
  const wheel = 0.083 * length;
  const lower = polygon([
    at(0, belt * 0.95),
    at(0.01, 0.07),
    at(0.99, 0.07),
    at(1, belt * 0.62),
    at(front + 0.02, belt),
    at(tail, belt),
  ]);
  const cabin = polygon([
    at(tail, belt - 0.01),
    at(roofTail, height),
    at(roofFront, height),
    at(front, belt - 0.01),
  ]);
  const [, beltY] = at(0, belt);
  // Metal shows the sky above and the street below.
  const metal = (_x: number, y: number): Color => scaled(paint, 1.12 - (0.5 * (y - beltY)) / (belt * length));
  fill(canvas, cabin, scaled(paint, 1.05));
  paintSideWindows(canvas, at, profile);
  fill(canvas, lower, metal);
  for (const along of [0.2, 0.8]) {
    const [x, y] = at(along, 0);
    fill(canvas, ellipse(x, y - wheel * 0.95, wheel * 1.22, wheel * 1.2), scaled(tyre, 0.7));
    fill(canvas, ellipse(x, y - wheel * 0.95, wheel, wheel), tyre);
    fill(canvas, ellipse(x, y - wheel * 0.95, wheel * 0.52, wheel * 0.52), [0.45, 0.46, 0.48]);
  }
  const [lampX, lampY] = at(0.975, belt * 0.7);
  const [rearX, rearY] = at(0.02, belt * 0.8);
  paintLamp(canvas, lampX, lampY, 0.022 * length, [1, 0.95, 0.8], lit);
  paintLamp(canvas, rearX, rearY, 0.018 * length, [0.9, 0.08, 0.06], lit);
}

function paintSideWindows(
  canvas: Canvas,
  at: (along: number, up: number) => Point,
  { belt, height, cabin: [tail, roofTail, roofFront, front] }: Profile,
): void {
  const top = height - 0.025;
  const pillar = (roofTail + roofFront) / 2;
  fill(
    canvas,
    polygon([
      at(tail + 0.04, belt),
      at(roofTail + 0.025, top),
      at(pillar - 0.01, top),
      at(pillar - 0.01, belt),
    ]),
    glass,
  );
  fill(
    canvas,
    polygon([
      at(pillar + 0.015, belt),
      at(pillar + 0.015, top),
      at(roofFront - 0.02, top),
      at(front - 0.05, belt),
    ]),
    glass,
  );
}

function paintFront(canvas: Canvas, chance: Chance, place: Placement, paint: Color, lit: boolean): void {
  const width = place.metre * chance.between(1.2, 1.45);
  const tall = chance.between(0.72, 1.02);
  const isFront = chance.happens(0.6);
  const at = (across: number, up: number): Point => [place.x + across * width, place.y - up * width];
  const belt = 0.5 * tall + 0.06;
  for (const side of [-1, 1]) {
    const [x, y] = at(side * 0.4, 0);
    fill(canvas, box(x - 0.09 * width, y - 0.26 * width, x + 0.09 * width, y, 1.5), tyre);
  }
  const cabin = [at(-0.45, belt - 0.02), at(-0.35, tall), at(0.35, tall), at(0.45, belt - 0.02)];
  fill(canvas, polygon(cabin), scaled(paint, 1.08));
  fill(
    canvas,
    polygon([at(-0.4, belt), at(-0.31, tall - 0.06), at(0.31, tall - 0.06), at(0.4, belt)]),
    glass,
  );
  const [left, top] = at(-0.5, belt);
  const [right, bottom] = at(0.5, 0.1);
  fill(canvas, box(left, top, right, bottom, 0.07 * width), (_x, y) =>
    scaled(paint, 1.05 - (0.35 * (y - top)) / Math.max(bottom - top, 1)),
  );
  const [grilleLeft, grilleTop] = at(-0.26, 0.36);
  const [grilleRight, grilleBottom] = at(0.26, 0.24);
  fill(
    canvas,
    box(grilleLeft, grilleTop, grilleRight, grilleBottom, 1),
    isFront ? glass : scaled(paint, 0.8),
  );
  const [plateLeft, plateTop] = at(-0.13, 0.22);
  const [plateRight, plateBottom] = at(0.13, 0.14);
  fill(canvas, box(plateLeft, plateTop, plateRight, plateBottom), [0.85, 0.85, 0.8]);
  for (const side of [-1, 1]) {
    const [x, y] = at(side * 0.38, 0.38);
    paintLamp(canvas, x, y, 0.065 * width, isFront ? [1, 0.95, 0.8] : [0.9, 0.08, 0.06], lit);
  }
}

function paintLamp(canvas: Canvas, x: number, y: number, radius: number, color: Color, lit: boolean): void {
  const lamp = ellipse(x, y, radius * 1.3, radius);
  fill(canvas, lamp, scaled(color, 0.8));
  if (!lit) return;
  glow(canvas, lamp, scaled(color, 0.9));
  glow(canvas, ellipse(x, y, radius * 3.5, radius * 3), scaled(color, 0.3), { softness: radius * 3 });
}
