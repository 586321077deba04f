import type { LabelSet } from "../../../shared/contract/labels.ts";
import { AppError } from "../../../shared/contract/errors.ts";
import type { Reading } from "../../../shared/inference/reading.ts";
import { topK } from "../../../shared/inference/top-k.ts";
import { joinBytes } from "../../../shared/image/join-bytes.ts";
import type { InferAnswer, ModelMetadata } from "./infer-answers.ts";
import type { InferRequest, RequestedOutput } from "./infer-request.ts";

type Datatype = ModelMetadata["outputs"][number]["datatype"];

/** One output for a batch. */
interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly values: readonly Value[];
}

type Value = string | number | boolean;

/** What a model tells of an image: one value, or one a class. */
type Output =
  | {
      readonly kind: "value";
      readonly datatype: Datatype;
      readonly of: (reading: Reading, labels: LabelSet) => Value;
    }
  | { readonly kind: "classes"; readonly of: (reading: Reading) => Float32Array };

/** By name. */
const outputs: Readonly<Record<string, Output>> = {
  label: { kind: "value", datatype: "BYTES", of: ({ top }, labels) => labels[top.classIndex] ?? "" },
  class_index: { kind: "value", datatype: "INT32", of: ({ top }) => top.classIndex },
  unknown: { kind: "value", datatype: "BOOL", of: ({ unknown }) => unknown },
  recognized: { kind: "value", datatype: "BOOL", of: ({ recognized }) => recognized },
  probabilities: { kind: "classes", of: ({ probabilities }) => probabilities },
  logits: { kind: "classes", of: ({ logits }) => logits },
};

/** The outputs as the metadata of a model of `classes` classes has them. */
export function outputMetadata(classes: number): ModelMetadata["outputs"] {
  return Object.entries(outputs).map(([name, output]) =>
    output.kind === "value"
      ? { name, datatype: output.datatype, shape: [-1] }
      : { name, datatype: "FP32", shape: [-1, classes] },
  );
}

/** What names the answer. */
export interface AnswerNames {
  readonly model: string;
  readonly version: string;
  readonly requestId: string;
}

/**
 * Answers an inference request: JSON, and behind it the outputs that were asked for as binary.
 * @throws {AppError} invalid_argument for an output that there is not
 */
export function answerInfer(
  { id, outputs: wanted, parameters }: InferRequest,
  { model, version, requestId }: AnswerNames,
  readings: readonly Reading[],
  labels: LabelSet,
): { readonly body: BodyInit; readonly headers: Record<string, string> } {
  const asked = wanted ?? Object.keys(outputs).map((name): RequestedOutput => ({ name }));
  const chunks: Uint8Array[] = [];
  const described = asked.map((output): InferAnswer["outputs"][number] => {
    const { datatype, shape, values } = tensorOf(output, readings, labels);
    const tensor = { name: output.name, datatype, shape: [...shape] };
    const isBinary = output.parameters?.["binary_data"] ?? parameters?.["binary_data_output"] ?? false;
    if (isBinary !== true) return { ...tensor, data: [...values] };
    const bytes = binaryOf(datatype, values);
    chunks.push(bytes);
    return { ...tensor, parameters: { binary_data_size: bytes.length } };
  });
  const answer: InferAnswer = {
    model_name: model,
    model_version: version,
    id: id ?? requestId,
    outputs: described,
  };
  const json = JSON.stringify(answer);
  if (chunks.length === 0) return { body: json, headers: { "content-type": "application/json" } };
  const head = new TextEncoder().encode(json);
  return {
    body: joinBytes([head, ...chunks]),
    headers: {
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(head.length),
    },
  };
}

function tensorOf(
  { name, parameters }: RequestedOutput,
  readings: readonly Reading[],
  labels: LabelSet,
): Tensor {
  const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
  if (output === undefined) {
    throw new AppError(
      "invalid_argument",
      `there is no output ${name}; there are ${Object.keys(outputs).join(", ")}`,
    );
  }
  if (output.kind === "value") {
    const values = readings.map((reading) => output.of(reading, labels));
    return { datatype: output.datatype, shape: [readings.length], values };
  }
  const vectors = readings.map(output.of);
  const count = parameters?.["classification"];
  if (typeof count === "number" && count > 0) return ranked(vectors, labels, count);
  const values = vectors.flatMap((vector) => [...vector]);
  return { datatype: "FP32", shape: [readings.length, labels.length], values };
}

/** Triton's extension: the `count` largest as `value:index:label`. */
function ranked(vectors: readonly Float32Array[], labels: LabelSet, count: number): Tensor {
  const values = vectors.flatMap((vector) =>
    topK(vector, count).map(
      ({ classIndex, probability: value }) => `${value}:${classIndex}:${labels[classIndex] ?? ""}`,
    ),
  );
  return { datatype: "BYTES", shape: [vectors.length, values.length / vectors.length], values };
}

function binaryOf(datatype: Datatype, values: Tensor["values"]): Uint8Array {
  if (datatype === "BYTES") return joinBytes(values.flatMap((value) => lengthAndBytes(String(value))));
  if (datatype === "BOOL") return Uint8Array.from(values, Number);
  const numbers = datatype === "FP32" ? Float32Array.from(values, Number) : Int32Array.from(values, Number);
  return new Uint8Array(numbers.buffer);
}

function lengthAndBytes(text: string): [Uint8Array, Uint8Array] {
  const bytes = new TextEncoder().encode(text);
  return [new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes];
}
