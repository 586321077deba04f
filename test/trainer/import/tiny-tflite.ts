import { toFloat16 } from "../../../trainer/release/float16.ts";
import { createRandom } from "../release/random.ts";
import { type FlatFields, writeFlatBuffer } from "./flat-buffer-writer.ts";

/** How the weights of the tiny model are stored. */
export type TinyStorage = "uint8" | "int8-per-channel" | "float32" | "float16";

/** Weights of a layer, in the file's own order of indices. */
export interface TinyWeights {
  readonly shape: readonly number[];
  /** What the codes stand for. */
  readonly values: Float32Array;
  /** As stored, of uint8. */
  readonly codes: Uint8Array;
  readonly scale: number;
  readonly zeroPoint: number;
}

/** A .tflite file with what it computes: pad, convolution, depthwise, add, both poolings, mean, dense, softmax. */
export interface TinyTflite {
  readonly file: Uint8Array;
  /** OHWI `[4, 3, 3, 3]`, `[1, 3, 3, 4]`, `[3, 4]`. */
  readonly weights: readonly [TinyWeights, TinyWeights, TinyWeights];
  readonly biases: readonly [Float32Array, Float32Array, Float32Array];
}

/** What a test changes of the tiny model. */
export interface TinyChanges {
  /** Another code for the addition. */
  readonly addCode?: number;
  /** Scale and zero point of the logits. */
  readonly logitCodes?: { readonly scale: number; readonly zeroPoint: number };
  /** Scale of what the depthwise convolution, which has no activation, gives; its codes begin at 0. */
  readonly depthwiseScale?: number;
  readonly beta?: number;
  /** What the file says that the model takes. */
  readonly inputShape?: readonly number[];
}

const types = { float32: 0, float16: 1, int32: 2, uint8: 3, int8: 9 } as const;

/** Builds the tiny model for images of 9x9 pixels; input codes are `(pixel - 128) / 128`. */
export function tinyTflite(storage: TinyStorage, changes: TinyChanges = {}): TinyTflite {
  const random = createRandom(7);
  const buffers: FlatFields[] = [{}];
  const tensors: FlatFields[] = [];
  const operators: FlatFields[] = [];
  const opcodes: FlatFields[] = [];

  const constant = (bytes: Uint8Array): number => buffers.push({ 0: { bytes } }) - 1;
  const tensor = (shape: readonly number[], type: keyof typeof types, rest: FlatFields = {}): number =>
    tensors.push({ 0: { int32s: shape }, 1: { int8: types[type] }, ...rest }) - 1;
  const operator = (code: number, inputs: readonly number[], output: number, options?: FlatFields): void => {
    const opcode = opcodes.push({ 0: { int8: Math.min(code, 127) }, 3: { int32: code } }) - 1;
    operators.push({
      0: { int32: opcode },
      1: { int32s: inputs },
      2: { int32s: [output] },
      ...(options === undefined ? {} : { 4: { table: options } }),
    });
  };
  const integers = (shape: readonly number[], values: readonly number[]): number =>
    tensor(shape, "int32", { 2: { int32: constant(new Uint8Array(Int32Array.from(values).buffer)) } });

  const drawn = [
    [4, 3, 3, 3],
    [1, 3, 3, 4],
    [3, 4],
  ].map((shape): TinyWeights => {
    const codes = Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.integer(256));
    const [scale, zeroPoint] = [Math.fround(0.0037), 117];
    const exact = Float32Array.from(codes, (code, i) => (code - zeroPoint) * channelScale(i, shape, scale));
    const values = storage === "float16" ? roundToHalves(exact) : exact;
    return { shape, codes, scale, zeroPoint, values };
  });
  function channelScale(i: number, shape: readonly number[], scale: number): number {
    return storage === "int8-per-channel" ? Math.fround(scale * (1 + channelOf(i, shape))) : scale;
  }
  const biases = drawn.map(({ shape }) =>
    Float32Array.from(
      { length: shape[0] === 1 ? 4 : (shape[0] as number) },
      () => (random.integer(200) - 100) * Math.fround(0.01),
    ),
  );

  const weightTensor = (weights: TinyWeights): number => {
    const { shape, codes, scale, zeroPoint, values } = weights;
    const channels = shape[0] === 1 ? 4 : (shape[0] as number);
    const counted = Array.from({ length: channels }, (_, c) => c);
    if (storage === "uint8") {
      return tensor(shape, "uint8", {
        2: { int32: constant(codes) },
        4: { table: { 2: { float32s: [scale] }, 3: { int64s: [zeroPoint] } } },
      });
    }
    if (storage === "int8-per-channel") {
      // Zero points of channels differ here, which no converter does but the format allows.
      return tensor(shape, "int8", {
        2: { int32: constant(codes.map((code) => code - 128)) },
        4: {
          table: {
            2: { float32s: counted.map((c) => Math.fround(scale * (1 + c))) },
            3: { int64s: counted.map(() => zeroPoint - 128) },
            6: { int32: shape[0] === 1 ? 3 : 0 },
          },
        },
      });
    }
    if (storage === "float32") {
      return tensor(shape, "float32", { 2: { int32: constant(new Uint8Array(values.slice().buffer)) } });
    }
    const halves = tensor(shape, "float16", {
      2: { int32: constant(new Uint8Array(toFloat16(values).buffer)) },
    });
    const widened = tensor(shape, "float32");
    operator(6, [halves], widened);
    return widened;
  };
  const biasTensor = (bias: Float32Array): number => {
    if (storage === "float32" || storage === "float16") {
      return tensor([bias.length], "float32", {
        2: { int32: constant(new Uint8Array(bias.slice().buffer)) },
      });
    }
    const codes = Int32Array.from(bias, (value) => Math.round(value / 0.01));
    return tensor([bias.length], "int32", {
      2: { int32: constant(new Uint8Array(codes.buffer)) },
      4: { table: { 2: { float32s: [Math.fround(0.01)] }, 3: { int64s: [0] } } },
    });
  };
  const [w0 = 0, w1 = 0, w2 = 0] = drawn.map(weightTensor);
  const [b0 = 0, b1 = 0, b2 = 0] = biases.map(biasTensor);

  const input = tensor(changes.inputShape ?? [1, 9, 9, 3], "uint8", {
    4: { table: { 2: { float32s: [1 / 128] }, 3: { int64s: [128] } } },
  });
  const padded = tensor([1, 11, 11, 3], "float32");
  const convolved = tensor([1, 5, 5, 4], "float32");
  const depthwise =
    changes.depthwiseScale === undefined
      ? tensor([1, 5, 5, 4], "float32")
      : tensor([1, 5, 5, 4], "uint8", {
          4: { table: { 2: { float32s: [changes.depthwiseScale] }, 3: { int64s: [0] } } },
        });
  const sum = tensor([1, 5, 5, 4], "float32");
  const largest = tensor([1, 3, 3, 4], "float32");
  const averaged = tensor([1, 3, 3, 4], "float32");
  const pooled = tensor([1, 1, 1, 4], "float32");
  const row = tensor([1, 4], "float32");
  const codes = changes.logitCodes;
  const logits =
    codes === undefined
      ? tensor([1, 3], "float32")
      : tensor([1, 3], "uint8", {
          4: { table: { 2: { float32s: [codes.scale] }, 3: { int64s: [codes.zeroPoint] } } },
        });
  const probabilities = tensor([1, 3], "float32");
  const output = tensor([1, 3], "uint8");

  operator(34, [input, integers([4, 2], [0, 0, 1, 1, 1, 1, 0, 0])], padded);
  operator(3, [padded, w0, b0], convolved, { 0: { int8: 1 }, ...strides(2), 3: { int8: 3 } });
  operator(4, [convolved, w1, b1], depthwise, { 0: { int8: 0 }, ...strides(1), 3: { int32: 1 } });
  operator(changes.addCode ?? 0, [convolved, depthwise], sum, { 0: { int8: 1 } });
  operator(17, [sum], largest, { 0: { int8: 0 }, ...strides(2), ...window(2) });
  operator(1, [largest], averaged, { 0: { int8: 0 }, ...strides(1), ...window(3) });
  operator(40, [averaged, integers([2], [1, 2])], pooled, { 0: { int8: 1 } });
  operator(22, [pooled], row);
  operator(9, [row, w2, b2], logits, {});
  operator(25, [logits], probabilities, { 0: { float32: changes.beta ?? 1 } });
  operator(114, [probabilities], output);

  const graph: FlatFields = {
    0: { tables: tensors },
    1: { int32s: [input] },
    2: { int32s: [output] },
    3: { tables: operators },
  };
  const file = writeFlatBuffer("TFL3", {
    0: { int32: 3 },
    1: { tables: opcodes },
    2: { tables: [graph] },
    4: { tables: buffers },
  });
  const [first, second, third] = drawn as [TinyWeights, TinyWeights, TinyWeights];
  const [one, two, three] = biases as [Float32Array, Float32Array, Float32Array];
  return { file, weights: [first, second, third], biases: [one, two, three] };
}

function strides(size: number): FlatFields {
  return { 1: { int32: size }, 2: { int32: size } };
}

function window(size: number): FlatFields {
  return { 3: { int32: size }, 4: { int32: size } };
}

/** The output channel of a weight: the slowest index, of depthwise weights the fastest. */
function channelOf(i: number, shape: readonly number[]): number {
  const last = shape.at(-1) ?? 1;
  if (shape[0] === 1) return i % last;
  return Math.floor(i / shape.slice(1).reduce((a, b) => a * b, 1));
}

function roundToHalves(values: Float32Array): Float32Array {
  return values.map((value) => Math.round(value * 1024) / 1024);
}
