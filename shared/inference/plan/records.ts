import {
  integerConvolutionRecord,
  integerDepthwiseRecord,
  integerImageRecord,
  integerMeanRecord,
} from "./integer-records.ts";
import { addressOf, type Placement, windowAddress, type Word } from "./placement.ts";
import { bytesOf, distancesOf, type Plan, type PlanStep, type PlanTensor } from "./steps.ts";

/** Bytes of a record; the kernels step by it. */
export const recordBytes = 128;
const recordWords = recordBytes / 4;

/** First words of the records, as `kernels/program.as.ts` reads them. */
const operations = {
  end: 0,
  convolution: 1,
  depthwise: 2,
  pool: 3,
  elementwise: 4,
  image: 5,
  border: 6,
} as const;
const elementwiseKinds = { add: 0, multiply: 1, copy: 2 } as const;

/** The records of a plan, and where in them the input is read. */
export interface Programs {
  readonly words: Int32Array<ArrayBuffer>;
  /** Reads RGB bytes from the start of the arena. */
  readonly imageStart: number;
  /** Reads normalised float32 values from there. */
  readonly valuesStart: number;
}

/** Where the steps begin, in records: behind the two programs that read the input. */
export const stepsStart = 4;

/** Writes a plan as the records that the kernels run. The order of the words is that of the kernels' classes. */
export function writeRecords(plan: Plan, placement: Placement): Programs {
  const end: Word[] = [operations.end];
  const records: Word[][] = [
    imageRecord(plan.input, placement, true),
    end,
    imageRecord(plan.input, placement, false),
    end,
    ...borderRecords(plan.input, placement),
  ];
  for (const step of plan.steps) {
    records.push(stepRecord(step, placement), ...borderRecords(step.target, placement));
  }
  records.push(end);
  const words = new Int32Array(records.length * recordWords);
  const floats = new Float32Array(words.buffer);
  for (const [index, record] of records.entries()) {
    for (const [position, word] of record.entries()) {
      const at = index * recordWords + position;
      if (typeof word === "number") words[at] = word;
      else floats[at] = word.float;
    }
  }
  return { words, imageStart: 0, valuesStart: 2 };
}

function stepRecord(step: PlanStep, placement: Placement): Word[] {
  switch (step.kind) {
    case "convolution":
      return convolutionRecord(step, placement);
    case "depthwise":
      return depthwiseRecord(step, placement);
    case "pool":
      return poolRecord(step, placement);
    case "elementwise":
      return elementwiseRecord(step, placement);
    default:
      return step satisfies never;
  }
}

function convolutionRecord(step: PlanStep & { kind: "convolution" }, placement: Placement): Word[] {
  const { source, target, window, residual, bounds } = step;
  if (source.grid !== undefined) return integerConvolutionRecord(step, placement);
  const from = distancesOf(source);
  const to = distancesOf(target);
  const added = residual === undefined ? { step: 0, row: 0 } : distancesOf(residual);
  return [
    operations.convolution,
    windowAddress(source, window, placement),
    addressOf(target, placement),
    placement.weightsOf(step),
    residual === undefined ? 0 : addressOf(residual, placement),
    target.rows,
    target.columns,
    target.pitch,
    from.step * window.strideColumns,
    from.row * window.strideRows,
    window.rows,
    window.columns * source.pitch,
    from.row,
    to.step,
    to.row,
    added.step,
    added.row,
    { float: bounds.low },
    { float: bounds.high },
  ];
}

function depthwiseRecord(step: PlanStep & { kind: "depthwise" }, placement: Placement): Word[] {
  const { source, target, window, bounds } = step;
  if (source.grid !== undefined) return integerDepthwiseRecord(step, placement);
  const from = distancesOf(source);
  const to = distancesOf(target);
  return [
    operations.depthwise,
    windowAddress(source, window, placement),
    addressOf(target, placement),
    placement.weightsOf(step),
    target.rows,
    target.columns,
    target.pitch,
    from.step,
    from.row,
    to.step,
    to.row,
    window.rows,
    window.columns,
    window.strideRows,
    window.strideColumns,
    { float: bounds.low },
    { float: bounds.high },
  ];
}

function poolRecord(step: PlanStep & { kind: "pool" }, placement: Placement): Word[] {
  const { source, target, window, isMaximum } = step;
  if (source.grid !== undefined) return integerMeanRecord(step, placement);
  const from = distancesOf(source);
  const to = distancesOf(target);
  return [
    operations.pool,
    addressOf(source, placement),
    addressOf(target, placement),
    source.rows,
    source.columns,
    target.rows,
    target.columns,
    target.pitch,
    from.step,
    from.row,
    to.step,
    to.row,
    window.rows,
    window.columns,
    window.strideRows,
    window.strideColumns,
    window.top,
    window.left,
    Number(isMaximum),
  ];
}

function elementwiseRecord(step: PlanStep & { kind: "elementwise" }, placement: Placement): Word[] {
  const { left, right, target, operation, bounds } = step;
  const a = distancesOf(left);
  const to = distancesOf(target);
  const isImage = typeof right === "object" && (right.rows > 1 || right.columns > 1);
  const b = isImage ? distancesOf(right) : { step: 0, row: 0 };
  return [
    operations.elementwise,
    addressOf(left, placement),
    typeof right === "object" ? addressOf(right, placement) : placement.weightsOf(step),
    addressOf(target, placement),
    target.rows,
    target.columns,
    target.pitch,
    a.step,
    a.row,
    b.step,
    b.row,
    to.step,
    to.row,
    elementwiseKinds[operation],
    { float: bounds.low },
    { float: bounds.high },
  ];
}

function imageRecord(input: PlanTensor, placement: Placement, isBytes: boolean): Word[] {
  const { row } = distancesOf(input);
  if (input.grid !== undefined) return integerImageRecord(input, placement, isBytes);
  return [
    operations.image,
    placement.arena,
    addressOf(input, placement),
    input.rows,
    input.columns,
    row,
    isBytes ? placement.tables : 0,
  ];
}

/** Zeros around a tensor whose readers want some; written behind the step that writes the tensor. */
function borderRecords(tensor: PlanTensor, placement: Placement): Word[][] {
  const { top, left, bottom, right } = tensor.halo;
  if (top + left + bottom + right === 0) return [];
  const { step, row } = distancesOf(tensor);
  return [
    [
      operations.border,
      placement.arena + placement.layout.offsetOf(tensor),
      top * row,
      row,
      left * step,
      right * step,
      bytesOf(tensor) - (top + tensor.rows) * row,
      tensor.rows,
    ],
  ];
}
