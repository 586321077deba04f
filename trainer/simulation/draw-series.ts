import type { JpegEncoder } from "../../shared/image/encoder.ts";
import type { RgbImage } from "../../shared/image/rgb-image.ts";
import { takePicture } from "../data/sample/camera.ts";
import { type Canvas, createCanvas } from "../data/sample/canvas.ts";
import { createChance } from "../data/sample/chance.ts";
import { paintClutter, paintShadows } from "../data/sample/clutter.ts";
import { paintPatchOfLight, paintSubject, sceneSize } from "../data/sample/draw-scene.ts";
import { chooseLight, type Light } from "../data/sample/light.ts";
import { paintStage, type Stage } from "../data/sample/stage.ts";
import type { FrameFate, Segment, Timeline } from "./timeline.ts";

const quality = 80;
/** People walk to and fro where the sample dataset has them, a step every so many seconds: nobody leaves half the frame. */
const stepSeconds = 4;
const stepPixels = 2.5;
const stepsOneWay = 8;

/** Draws every frame of a camera as JPEG, by the painters of the sample dataset: one place, one light, one lens. */
export function drawSeries(seed: number, timeline: Timeline, encode: JpegEncoder): Uint8Array[] {
  const place = openPlace(seed, timeline.camera);
  const frames: Uint8Array[] = [];
  let painted = { key: "", canvas: place.canvas };
  for (const fate of timeline.fates) {
    const before = frames.at(-1);
    if (fate.frozen && before !== undefined) {
      frames.push(before);
      continue;
    }
    const index = timeline.segments.findIndex(({ from, to }) => fate.second >= from && fate.second < to);
    const segment = timeline.segments[index];
    if (segment === undefined) continue;
    const key = `${index}/${poseOf(segment, fate.second)}`;
    if (painted.key !== key) painted = { key, canvas: paintScene(seed, place, segment, index, fate.second) };
    frames.push(encode(spoil(photograph(seed, place, painted.canvas, fate.second), fate), quality));
  }
  return frames;
}

interface Place {
  readonly camera: number;
  readonly canvas: Canvas;
  readonly stage: Stage;
  readonly light: Light;
}

/** What stays: the ground, what stands around, the light. */
function openPlace(seed: number, camera: number): Place {
  const chance = createChance(seed, `simulation/${camera}/place`);
  const canvas = createCanvas(sceneSize.width, sceneSize.height);
  const stage = paintStage(canvas, chance);
  const light = chooseLight(chance, canvas, stage);
  paintShadows(canvas, chance, stage);
  paintClutter(canvas, chance, stage);
  if (chance.happens(0.15)) paintPatchOfLight(canvas, chance, stage);
  return { camera, canvas, stage, light };
}

function poseOf({ label, from }: Segment, second: number): number {
  return label === "person" ? Math.floor((second - from) / stepSeconds) : 0;
}

function paintScene(seed: number, place: Place, segment: Segment, index: number, second: number): Canvas {
  const { width, height, surface, glow } = place.canvas;
  const canvas: Canvas = { width, height, surface: surface.slice(), glow: glow.slice() };
  if (segment.label === "empty") return canvas;
  // the same visitor in every frame of the stay
  const chance = createChance(seed, `simulation/${place.camera}/visit/${index}`);
  const way = poseOf(segment, second) % (2 * stepsOneWay);
  const steps = Math.min(way, 2 * stepsOneWay - way) - stepsOneWay / 2;
  const shift = steps * stepPixels * chance.sign();
  paintSubject(canvas, chance, place.stage, segment.label, place.light.isNight, shift);
  return canvas;
}

/** The lens is the same in every frame, the noise in none. */
function photograph(seed: number, { camera, light }: Place, canvas: Canvas, second: number): RgbImage {
  const lens = createChance(seed, `simulation/${camera}/lens`);
  const noise = createChance(seed, `simulation/${camera}/noise/${second}`);
  const random = { ...lens.random, nextUint32: () => noise.random.nextUint32() };
  return takePicture(canvas, { ...lens, random }, light);
}

function spoil(image: RgbImage, { trouble, gain }: FrameFate): RgbImage {
  const light = { none: 1, band: 1, blur: 1, flash: 2.4, dark: 0.22 }[trouble] * gain;
  const { width, height } = image;
  const data = image.data.map((value) => Math.min(255, Math.round(value * light)));
  // the lower half did not arrive, and shows the row before it
  if (trouble === "band") {
    const row = data.slice((height / 2) * width * 3, (height / 2 + 1) * width * 3);
    for (let y = height / 2; y < height; y++) data.set(row, y * width * 3);
  }
  return { width, height, data: trouble === "blur" ? smear(data, width, height) : data };
}

/** Moved while the shutter was open: 13 pixels across. */
function smear(data: Uint8Array, width: number, height: number): Uint8Array {
  const smeared = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let offset = -6; offset <= 6; offset++) {
          const from = Math.min(width - 1, Math.max(0, x + offset));
          sum += data[(y * width + from) * 3 + channel] ?? 0;
        }
        smeared[(y * width + x) * 3 + channel] = sum / 13;
      }
    }
  }
  return smeared;
}
