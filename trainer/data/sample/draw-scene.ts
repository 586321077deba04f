import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import { takePicture } from "./camera.ts";
import { createCanvas, glow, shade, type Canvas } from "./canvas.ts";
import { createChance, type Chance } from "./chance.ts";
import { paintClutter, paintForeground, paintShadows } from "./clutter.ts";
import { chooseLight } from "./light.ts";
import { paintParcel } from "./parcel.ts";
import { paintPerson, type Placement } from "./person.ts";
import { box, ellipse } from "./shapes.ts";
import { paintStage, type Stage } from "./stage.ts";
import { paintVehicle } from "./vehicle.ts";

/** What a scene shows, in the order of class indices. */
export const sceneLabels = ["empty", "parcel", "person", "vehicle"] as const;

/** What a scene shows. */
export type SceneLabel = (typeof sceneLabels)[number];

/** Pixels of a scene. */
export const sceneSize = { width: 160, height: 120 } as const;

/** Metres across and the pixels that keep a thing of each class recognisable. */
const footprints = {
  parcel: { metres: 1.1 },
  person: { metres: 0.6 },
  vehicle: { metres: 2.4 },
} as const;

/**
 * Draws one picture of a security camera: a place, things that stand around, and what the label says.
 * The same seed, label and number give the same pixels on every machine.
 * @param index number of the picture in its class, from 0
 * @returns 160x120 px
 */
export function drawScene(seed: number, label: SceneLabel, index: number): RgbImage {
  const chance = createChance(seed, `${label}/${index}`);
  const canvas = createCanvas(sceneSize.width, sceneSize.height);
  const stage = paintStage(canvas, chance);
  const light = chooseLight(chance, canvas, stage);
  paintShadows(canvas, chance, stage);
  paintClutter(canvas, chance, stage);
  if (chance.happens(0.15)) paintPatchOfLight(canvas, chance, stage);
  const hidden =
    label === "empty"
      ? { x: chance.between(20, canvas.width - 20), width: chance.between(15, 60) }
      : paintSubject(canvas, chance, stage, label, light.isNight);
  if (chance.happens(0.1)) paintForeground(canvas, chance, hidden.x, hidden.width);
  return takePicture(canvas, chance, light);
}

/**
 * Paints what a scene of a label shows, where chance puts it.
 * @param shift pixels to the right of there
 */
export function paintSubject(
  canvas: Canvas,
  chance: Chance,
  stage: Stage,
  label: Exclude<SceneLabel, "empty">,
  isNight: boolean,
  shift = 0,
): { readonly x: number; readonly width: number } {
  const y = stage.horizon + chance.between(0.4, 0.97) * (canvas.height - stage.horizon);
  const metre = stage.metre(y);
  const width = footprints[label].metres * metre;
  // Models look at the square in the middle: most of the subject lies in there.
  const margin = (canvas.width - canvas.height) / 2 + width * 0.4;
  const x =
    shift +
    chance.between(
      Math.min(margin, canvas.width / 2 - 6),
      Math.max(canvas.width - margin, canvas.width / 2 + 6),
    );
  const place: Placement = { x, y, metre };
  const shadowX = x + chance.between(-0.3, 0.3) * width;
  shade(canvas, ellipse(shadowX, y - 0.5, width * 0.6, Math.max(width * 0.1, 2)), chance.between(0.2, 0.6), {
    softness: 4,
  });
  switch (label) {
    case "person":
      paintPerson(canvas, chance, place);
      break;
    case "vehicle":
      paintVehicle(canvas, chance, place, isNight && chance.happens(0.5));
      break;
    case "parcel":
      paintParcel(canvas, chance, place);
      break;
  }
  return { x, width };
}

/** Light from a window or a torch on the ground, with edges that are no carton's. */
export function paintPatchOfLight(canvas: Canvas, chance: Chance, stage: Stage): void {
  const x = chance.between(0, canvas.width);
  const y = chance.between(stage.horizon, canvas.height);
  const half = chance.between(5, 18);
  const flat = half * chance.between(0.3, 0.7);
  const shape = chance.happens(0.5) ? ellipse(x, y, half, flat) : box(x - half, y - flat, x + half, y + flat);
  const level = chance.between(0.08, 0.3);
  glow(canvas, shape, [level, level * 0.95, level * 0.8], { softness: chance.between(2, 6) });
}
