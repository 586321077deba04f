import { type ArenaLayout, layOutArena } from "./arena-layout.ts";
import { packedBytes } from "./pack-weights.ts";
import { recordBytes } from "./records.ts";
import type { Plan } from "./steps.ts";

/** Bytes of the tables of normalised values. */
export const tablesBytes = 3 * 256 * 4;
/** malloc gives multiples of 16; packed weights begin at a line of the cache. */
export const alignment = 64;

/** Bytes of heap that a plan takes: its own for as long as it is loaded, and of the arena that all plans share. */
export function planMemory(
  plan: Plan,
  shapes: ReadonlyMap<string, readonly number[]>,
): { readonly residentBytes: number; readonly activationBytes: number } {
  const resident = packedBytes(plan, shapes) + tablesBytes + recordsBytes(plan) + alignment;
  return { residentBytes: resident, activationBytes: layOutPlan(plan).sizeBytes };
}

/** Where a plan's activations lie, behind the room in which its input arrives. */
export function layOutPlan(plan: Plan): ArenaLayout {
  const { rows, columns, channels } = plan.input;
  return layOutArena(plan, 4 * rows * columns * channels);
}

/** The most records a plan has: one and a border for each step, and those that read the input. */
export function recordsBytes(plan: Plan): number {
  return recordBytes * (2 * plan.steps.length + 8);
}
