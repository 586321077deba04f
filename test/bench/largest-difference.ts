import type { Output } from "./contender.ts";

/**
 * Compares outputs value by value, relative to the largest.
 * @param allowed beyond this the contenders did not compute the same thing, and it throws
 */
export function largestDifference(allowed: number): (ours: Output, theirs: Output) => string {
  return (ours, theirs) => {
    if (ours.length !== theirs.length) throw new Error(`${ours.length} and ${theirs.length} values`);
    let largest = 0;
    let difference = 0;
    for (let i = 0; i < ours.length; i++) {
      largest = Math.max(largest, Math.abs(ours[i] as number));
      difference = Math.max(difference, Math.abs((ours[i] as number) - (theirs[i] as number)));
    }
    const relative = difference / largest;
    if (!(relative <= allowed)) throw new Error(`the contenders disagree: ${relative} of the largest value`);
    return `largest difference ${relative.toExponential(0)}`;
  };
}
