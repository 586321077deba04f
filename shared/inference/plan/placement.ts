import type { ArenaLayout } from "./arena-layout.ts";
import { distancesOf, type PlanStep, type PlanTensor, type Window } from "./steps.ts";

/** What the addresses in records are made of. */
export interface Placement {
  readonly layout: ArenaLayout;
  /** Address of the arena. */
  readonly arena: number;
  /** Address of a step's packed weights. */
  readonly weightsOf: (step: PlanStep) => number;
  /** Address of the three tables of normalised values. */
  readonly tables: number;
}

/** A value of a record; bounds are float32, all else is int32. */
export type Word = number | { readonly float: number };

/** Address of the first pixel inside the halo. */
export function addressOf(
  tensor: PlanTensor,
  { layout, arena }: Pick<Placement, "layout" | "arena">,
): number {
  const { step, row } = distancesOf(tensor);
  return arena + layout.offsetOf(tensor) + tensor.halo.top * row + tensor.halo.left * step;
}

/** Address of the first window's first value, in the halo where the window leaves the image. */
export function windowAddress(source: PlanTensor, window: Window, placement: Placement): number {
  const { step, row } = distancesOf(source);
  return addressOf(source, placement) - window.top * row - window.left * step;
}
