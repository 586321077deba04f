import { bytesOf, type Plan, type PlanTensor, sourcesOf } from "./steps.ts";

/** Where every tensor lies for as long as it is needed. */
export interface ArenaLayout {
  /** Bytes from the start of the arena, of the first byte of the halo. */
  offsetOf(tensor: PlanTensor): number;
  /** Bytes of the staging area, at the arena's start, in which the input arrives. */
  readonly sizeBytes: number;
}

interface Lifetime {
  readonly tensor: PlanTensor;
  readonly bytes: number;
  first: number;
  last: number;
  offset: number;
}

/** Tensors begin at lines of the cache. */
const alignment = 64;

/**
 * Lays out the activations of a plan: tensors that are never needed at one time share memory. The largest are placed
 * first, each at the lowest place that is free for its time.
 * @param stagingBytes at the arena's start, in use until the input was read
 */
export function layOutArena(plan: Plan, stagingBytes: number): ArenaLayout {
  const lifetimes = lifetimesOf(plan);
  const staging: Lifetime = { tensor: plan.input, bytes: align(stagingBytes), first: 0, last: 0, offset: 0 };
  const placed: Lifetime[] = [staging];
  for (const lifetime of [...lifetimes.values()].toSorted((a, b) => b.bytes - a.bytes)) {
    const neighbours = placed
      .filter((other) => other.first <= lifetime.last && lifetime.first <= other.last)
      .toSorted((a, b) => a.offset - b.offset);
    lifetime.offset = 0;
    for (const other of neighbours) {
      if (lifetime.offset + lifetime.bytes <= other.offset) break;
      lifetime.offset = Math.max(lifetime.offset, other.offset + other.bytes);
    }
    placed.push(lifetime);
  }
  return {
    offsetOf: (tensor) => lifetimes.get(tensor.viewOf ?? tensor)?.offset ?? 0,
    sizeBytes: Math.max(...placed.map(({ offset, bytes }) => offset + bytes)),
  };
}

/** Time 0 is the reading of the input, time `i + 1` step `i`; outputs live to the end. */
function lifetimesOf(plan: Plan): Map<PlanTensor, Lifetime> {
  const lifetimes = new Map<PlanTensor, Lifetime>();
  const touch = (named: PlanTensor, time: number): void => {
    const tensor = named.viewOf ?? named;
    const lifetime = lifetimes.get(tensor);
    if (lifetime === undefined) {
      lifetimes.set(tensor, { tensor, bytes: align(bytesOf(tensor)), first: time, last: time, offset: 0 });
    } else lifetime.last = time;
  };
  touch(plan.input, 0);
  for (const [index, step] of plan.steps.entries()) {
    for (const source of sourcesOf(step)) touch(source, index + 1);
    touch(step.target, index + 1);
  }
  for (const output of plan.outputs.values()) touch(output, plan.steps.length + 1);
  return lifetimes;
}

function align(bytes: number): number {
  return alignment * Math.ceil(bytes / alignment);
}
