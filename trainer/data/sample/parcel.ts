import { fill, type Canvas, type Color } from "./canvas.ts";
import { scaled, type Chance } from "./chance.ts";
import type { Placement } from "./person.ts";
import { polygon, type Point, type Shape } from "./shapes.ts";

const cartons: readonly [Color, ...Color[]] = [
  [0.62, 0.44, 0.27],
  [0.52, 0.36, 0.21],
  [0.72, 0.55, 0.36],
  [0.85, 0.84, 0.8],
  [0.4, 0.29, 0.19],
];

/** Paints one carton or two, seen from above and from a corner, with tape and a label. */
export function paintParcel(canvas: Canvas, chance: Chance, place: Placement): void {
  const first = paintCarton(canvas, chance, place);
  if (chance.happens(0.2)) {
    const scale = chance.between(0.6, 0.85);
    const x = place.x + chance.between(-0.12, 0.12) * first.width;
    paintCarton(canvas, chance, { x, y: place.y - first.height * 0.98, metre: place.metre * scale });
  }
}

function paintCarton(
  canvas: Canvas,
  chance: Chance,
  { x, y, metre }: Placement,
): { readonly width: number; readonly height: number } {
  const width = metre * chance.between(0.9, 1.25);
  const height = width * chance.between(0.5, 0.8);
  const turn = chance.between(0.3, 0.7);
  const tilt = chance.between(0.22, 0.42);
  // Ground plan: left, front, right and back corner, as a camera above sees them.
  const left: Point = [x - width * turn, y - width * tilt * (1 - turn)];
  const front: Point = [x, y];
  const right: Point = [x + width * (1 - turn), y - width * tilt * turn];
  const back: Point = [left[0] + right[0] - x, left[1] + right[1] - y];
  const up = ([cornerX, cornerY]: Point): Point => [cornerX, cornerY - height];

  const color: Color = chance.pick(cartons);
  const lightFromLeft = chance.happens(0.5);
  const top = scaled(color, chance.between(1.05, 1.3));
  const leftSide = scaled(color, lightFromLeft ? 0.92 : 0.6);
  const rightSide = scaled(color, lightFromLeft ? 0.6 : 0.92);
  fill(canvas, polygon([left, front, up(front), up(left)]), leftSide);
  fill(canvas, polygon([front, right, up(right), up(front)]), rightSide);
  fill(canvas, polygon([up(left), up(front), up(right), up(back)]), top);

  const tape = chance.color(0.6, 0.95, 0.15);
  const topFace: Face = [up(left), up(back), up(front)];
  const rightFace: Face = [front, right, up(front)];
  fill(canvas, facePart(topFace, [0.42, 0.58], [0, 1]), tape, { opacity: 0.8 });
  fill(canvas, facePart(rightFace, [0.42, 0.58], [0.65, 1]), scaled(tape, 0.8), { opacity: 0.8 });
  if (chance.happens(0.7)) {
    const paper = scaled([0.93, 0.93, 0.9], lightFromLeft ? 1 : 0.7);
    fill(canvas, facePart([left, front, up(left)], [0.25, 0.7], [0.35, 0.8]), paper);
  }
  return { width, height };
}

/** A parallelogram by three corners: where it starts, the end of its first edge, and the corner above the start. */
type Face = readonly [start: Point, end: Point, above: Point];

/** A part of a face, in shares along its first edge and upwards. */
function facePart(
  [start, end, above]: Face,
  [from, to]: readonly [number, number],
  [low, high]: readonly [number, number],
): Shape {
  const on = (along: number, upwards: number): Point => [
    start[0] + along * (end[0] - start[0]) + upwards * (above[0] - start[0]),
    start[1] + along * (end[1] - start[1]) + upwards * (above[1] - start[1]),
  ];
  return polygon([on(from, low), on(to, low), on(to, high), on(from, high)]);
}
