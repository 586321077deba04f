/** Pixels of zeros around an image, so that windows may leave it. */
export interface Halo {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

/** An 8-bit grid: `value = (code - zeroPoint) * scale`, codes 0 to 255. */
export interface Grid {
  /** Finite, above 0. */
  readonly scale: number;
  /** 0 to 255, the code of 0. */
  readonly zeroPoint: number;
}

/** What lies in the activation arena: an image of float32 pixels, NHWC, in a halo as wide as its readers want. */
export interface PlanTensor {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  /** Values a pixel takes: channels rounded up to 8, on a grid to 16, the rest zeros; the model's input takes 3 or 4. */
  readonly pitch: number;
  /** Where values are 16-bit integers, `code - zeroPoint` of this grid, instead of float32. */
  readonly grid?: Grid;
  readonly halo: Halo;
  /** Where it lies, when it is another tensor seen as one pixel. */
  readonly viewOf?: PlanTensor;
}

/** A window that slides over an image. */
export interface Window {
  readonly rows: number;
  readonly columns: number;
  readonly strideRows: number;
  readonly strideColumns: number;
  /** How far the first one begins above and left of the image. */
  readonly top: number;
  readonly left: number;
}

/** What is done to each sum at the end: `[0, Infinity]` is ReLU. */
export interface Bounds {
  low: number;
  high: number;
}

/** A convolution or dense layer, names of its weights, and perhaps a tensor that is added to its sums. */
export interface ConvolutionStep {
  readonly kind: "convolution";
  readonly source: PlanTensor;
  readonly target: PlanTensor;
  readonly filter: string;
  readonly bias: string;
  readonly window: Window;
  readonly residual?: PlanTensor;
  /** That of the sums before the addition, where both are on grids. */
  readonly sumGrid?: Grid;
  readonly bounds: Bounds;
}

/** A convolution of one filter a channel. */
export interface DepthwiseStep {
  readonly kind: "depthwise";
  readonly source: PlanTensor;
  readonly target: PlanTensor;
  readonly filter: string;
  readonly bias: string;
  readonly window: Window;
  readonly bounds: Bounds;
}

/** The largest value or the mean of every window. */
export interface PoolStep {
  readonly kind: "pool";
  readonly source: PlanTensor;
  readonly target: PlanTensor;
  readonly window: Window;
  readonly isMaximum: boolean;
}

/** Values of two tensors taken together; a right side of one pixel goes with every pixel of the left. */
export interface ElementwiseStep {
  readonly kind: "elementwise";
  readonly operation: "add" | "multiply" | "copy";
  readonly left: PlanTensor;
  /** A tensor, or the name of a weight of one value or one a channel; nothing for `copy`. */
  readonly right?: PlanTensor | string;
  readonly target: PlanTensor;
  readonly bounds: Bounds;
}

/** One call of a kernel. */
export type PlanStep = ConvolutionStep | DepthwiseStep | PoolStep | ElementwiseStep;

/** What a graph comes down to. */
export interface Plan {
  readonly input: PlanTensor;
  readonly steps: readonly PlanStep[];
  /** By node name. */
  readonly outputs: ReadonlyMap<string, PlanTensor>;
}

/** An image of that many pixels; channels are stored in groups of 8, on a grid of 16. */
export function planTensor(rows: number, columns: number, channels: number, grid?: Grid): PlanTensor {
  const group = grid === undefined ? 8 : 16;
  const pitch = group * Math.ceil(channels / group);
  return { rows, columns, channels, pitch, halo: noHalo(), ...(grid === undefined ? {} : { grid }) };
}

/** No zeros around. */
export function noHalo(): Halo {
  return { top: 0, left: 0, bottom: 0, right: 0 };
}

/** Makes the halo of `source` wide enough for a window that gives an image of the size of `target`. */
export function widenHalo(source: PlanTensor, window: Window, target: PlanTensor): void {
  const { halo } = source;
  const bottom = (target.rows - 1) * window.strideRows + window.rows - window.top - source.rows;
  const right = (target.columns - 1) * window.strideColumns + window.columns - window.left - source.columns;
  halo.top = Math.max(halo.top, window.top);
  halo.left = Math.max(halo.left, window.left);
  halo.bottom = Math.max(halo.bottom, bottom);
  halo.right = Math.max(halo.right, right);
}

/** Bytes from a pixel to the one right of it, and to the one below it. */
export function distancesOf(tensor: PlanTensor): { readonly step: number; readonly row: number } {
  const step = (tensor.grid === undefined ? 4 : 2) * tensor.pitch;
  return { step, row: step * (tensor.halo.left + tensor.columns + tensor.halo.right) };
}

/** Bytes of a tensor with its halo. */
export function bytesOf(tensor: PlanTensor): number {
  return distancesOf(tensor).row * (tensor.halo.top + tensor.rows + tensor.halo.bottom);
}

/** The tensors that a step reads. */
export function sourcesOf(step: PlanStep): readonly PlanTensor[] {
  switch (step.kind) {
    case "convolution":
      return step.residual === undefined ? [step.source] : [step.source, step.residual];
    case "elementwise":
      return typeof step.right === "object" ? [step.left, step.right] : [step.left];
    case "depthwise":
    case "pool":
      return [step.source];
    default:
      return step satisfies never;
  }
}
