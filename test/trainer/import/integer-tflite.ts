import type { Grid } from "../../../shared/inference/plan/steps.ts";
import type { IntegerLayer, IntegerNet } from "../../fixtures/random-integer-net.ts";
import { type FlatFields, writeFlatBuffer } from "./flat-buffer-writer.ts";

const types = { float32: 0, int32: 2, uint8: 3, int8: 9 } as const;
const codes = { add: 0, convolution: 3, depthwise: 4, dense: 9, mean: 40 } as const;
const activations = { none: 0, Relu: 1, Relu6: 3 } as const;

/**
 * Writes a net as TensorFlow Lite has it: every tensor up to the mean on its grid, uint8, or int8 where a layer has a
 * scale for each channel.
 */
export function integerTflite(net: IntegerNet): Uint8Array {
  const buffers: FlatFields[] = [{}];
  const tensors: FlatFields[] = [];
  const operators: FlatFields[] = [];
  const opcodes = Object.values(codes);

  const tensor = (shape: readonly number[], type: keyof typeof types, more: FlatFields = {}): number =>
    tensors.push({ 0: { int32s: shape }, 1: { int8: types[type] }, ...more }) - 1;
  const stored = (values: { readonly buffer: ArrayBufferLike }): FlatFields => ({
    2: { int32: buffers.push({ 0: { bytes: new Uint8Array(values.buffer) } }) - 1 },
  });
  const operator = (
    kind: keyof typeof codes,
    inputs: readonly number[],
    output: number,
    options: FlatFields,
  ): void => {
    const opcode = opcodes.indexOf(codes[kind]);
    operators.push({
      0: { int32: opcode },
      1: { int32s: inputs },
      2: { int32s: [output] },
      4: { table: options },
    });
  };

  const input = tensor([1, net.side, net.side, 3], "uint8", on(net.input));
  const results: number[] = [];
  let [side, grid] = [net.side, net.input];
  for (const layer of net.layers) {
    const source = results.at(-1) ?? input;
    side = Math.ceil(side / layer.stride);
    const shape = [1, side, side, layer.outputs];
    const isByChannel = layer.scales.length > 1;
    const axis = layer.kind === "depthwise" ? 3 : 0;
    const zeros = layer.scales.map(() => layer.zero - (isByChannel ? 128 : 0));
    const filter = tensor(shapeOf(layer), isByChannel ? "int8" : "uint8", {
      ...stored(isByChannel ? Int8Array.from(fileOrder(layer), (code) => code - 128) : fileOrder(layer)),
      ...affine(layer.scales, zeros, axis),
    });
    const steps = layer.scales.map((scale) => Math.fround(grid.scale * scale));
    const biasCodes = Int32Array.from(layer.bias, (value, c) =>
      Math.round(value / (steps[isByChannel ? c : 0] ?? 1)),
    );
    const bias = tensor([layer.outputs], "int32", {
      ...stored(biasCodes),
      ...affine(
        steps,
        steps.map(() => 0),
        0,
      ),
    });
    const output = tensor(shape, "uint8", on(layer.grid));
    const strides = { 1: { int32: layer.stride }, 2: { int32: layer.stride } };
    const act = { int8: activations[layer.activation] };
    const options = layer.kind === "depthwise" ? { 3: { int32: 1 }, 4: act } : { 3: act };
    operator(layer.kind, [source, filter, bias], output, { 0: { int8: 0 }, ...strides, ...options });
    grid = layer.grid;
    if (layer.residual === undefined) results.push(output);
    else {
      grid = layer.residual.grid;
      const sum = tensor(shape, "uint8", on(grid));
      operator("add", [results[layer.residual.layer] ?? -1, output], sum, { 0: { int8: 0 } });
      results.push(sum);
    }
  }
  const channels = net.layers.at(-1)?.outputs ?? 0;
  const classes = net.head.bias.length;
  const axes = tensor([2], "int32", stored(Int32Array.of(1, 2)));
  const pooled = tensor([1, channels], "uint8", on(grid));
  operator("mean", [results.at(-1) ?? input, axes], pooled, { 0: { int8: 0 } });
  const transposed = Float32Array.from(
    net.head.weights,
    (_, i) => net.head.weights[(i % channels) * classes + Math.floor(i / channels)] as number,
  );
  const head = tensor([classes, channels], "float32", stored(transposed));
  const headBias = tensor([classes], "float32", stored(net.head.bias));
  const logits = tensor([1, classes], "float32");
  operator("dense", [pooled, head, headBias], logits, {});
  return writeFlatBuffer("TFL3", {
    0: { int32: 3 },
    1: { tables: opcodes.map((code) => ({ 0: { int8: code }, 3: { int32: code } })) },
    2: {
      tables: [
        { 0: { tables: tensors }, 1: { int32s: [input] }, 2: { int32s: [logits] }, 3: { tables: operators } },
      ],
    },
    4: { tables: buffers },
  });
}

function on({ scale, zeroPoint }: Grid): FlatFields {
  return affine([scale], [zeroPoint], 0);
}

function affine(scales: readonly number[], zeroPoints: readonly number[], axis: number): FlatFields {
  return {
    4: { table: { 2: { float32s: scales }, 3: { int64s: zeroPoints }, 6: { int32: axis } } },
  };
}

function shapeOf({ kind, window, inputs, outputs }: IntegerLayer): readonly number[] {
  return kind === "depthwise" ? [1, window, window, outputs] : [outputs, window, window, inputs];
}

/** The output channel first, of convolutions. */
function fileOrder({ kind, codes: stored, outputs }: IntegerLayer): Uint8Array {
  if (kind === "depthwise") return stored;
  const size = stored.length / outputs;
  return stored.map((_, i) => stored[(i % size) * outputs + Math.floor(i / size)] as number);
}
