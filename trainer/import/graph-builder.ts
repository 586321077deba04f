import { AppError } from "../../shared/contract/errors.ts";
import { isolateModelBytes } from "../../shared/inference/bundle.ts";
import type { GraphWeight } from "../release/graph-model.ts";
import {
  constant,
  type GraphNode,
  integer,
  integers,
  text,
  texts,
  typeAttr,
} from "../release/graph-nodes.ts";
import type { Padding } from "../release/folded-model.ts";
import type { TfliteActivation } from "./tflite-operators.ts";

/** Collects the nodes and weights of a GraphModel in the order they run. */
export interface GraphBuilder {
  readonly nodes: readonly GraphNode[];
  readonly weights: readonly GraphWeight[];
  /** Adds a node; gives its name. */
  add(name: string, op: string, input: readonly string[], attr: Readonly<Record<string, unknown>>): string;
  /**
   * Adds a constant; gives its name.
   * @throws budget_exceeded once all weights together are more than a Worker holds
   */
  addConstant(weight: GraphWeight): string;
}

/** The most weights of a model: each takes its float32 and XNNPACK's packed copy, and the Worker's loader counts alike. */
export const mostElements = isolateModelBytes / 8;

/** An empty graph. */
export function createGraphBuilder(): GraphBuilder {
  const nodes: GraphNode[] = [];
  const weights: GraphWeight[] = [];
  let elements = 0;
  return {
    nodes,
    weights,
    add: (name, op, input, attr) => {
      nodes.push({ name, op, ...(input.length === 0 ? {} : { input }), attr });
      return name;
    },
    addConstant: (weight) => {
      elements += weight.values.length;
      if (elements > mostElements) {
        throw new AppError(
          "budget_exceeded",
          `the model has more than ${mostElements} weights, the most that a Worker holds; use a smaller width`,
        );
      }
      nodes.push(constant(weight.name, weight.type, weight.shape));
      weights.push(weight);
      return weight.name;
    },
  };
}

/** Adds int32 numbers, axes or a shape; gives their name. */
export function addIntegers(builder: GraphBuilder, name: string, values: readonly number[]): string {
  const numbers = Int32Array.from(values);
  return builder.addConstant({
    name,
    shape: [numbers.length],
    type: "int32",
    values: numbers,
    role: "axes",
    layer: name,
  });
}

/** Adds a change of shape that keeps the batch; gives its name. @param shape of one image, without the batch */
export function addReshape(
  builder: GraphBuilder,
  name: string,
  input: string,
  shape: readonly number[],
): string {
  const target = addIntegers(builder, `${name}/shape`, [-1, ...shape]);
  return builder.add(name, "Reshape", [input, target], {
    T: typeAttr("float32"),
    Tshape: typeAttr("int32"),
  });
}

/** Adds an activation of its own behind a node that cannot fuse one; gives the name of what comes out. */
export function addActivation(builder: GraphBuilder, input: string, activation: TfliteActivation): string {
  if (activation === "linear") return input;
  const name = `${input}/${activation}`;
  return builder.add(name, activationOps[activation], [input], { T: typeAttr("float32") });
}

/** Adds the mean over height and width; gives its name. */
export function addMean(
  builder: GraphBuilder,
  name: string,
  input: string,
  keepsDimensions: boolean,
): string {
  const axes = addIntegers(builder, `${name}/axes`, [1, 2]);
  return builder.add(name, "Mean", [input, axes], {
    T: typeAttr("float32"),
    Tidx: typeAttr("int32"),
    keep_dims: { b: keepsDimensions },
  });
}

/** Adds the bounding of `[batch, n]` values to a range, in operations that the Worker has; gives its name. */
export function addClamp(
  builder: GraphBuilder,
  name: string,
  input: string,
  { least, most }: { readonly least: number; readonly most: number },
): string {
  const scalar = (what: string, value: number): string =>
    builder.addConstant({
      name: `${name}/${what}`,
      shape: [1, 1],
      type: "float32",
      values: Float32Array.of(value),
      role: "bias",
      layer: name,
    });
  const attr = { T: typeAttr("float32") };
  const add = (what: string, op: string, ...inputs: readonly string[]): string =>
    builder.add(what, op, inputs, attr);
  const minusOne = scalar("minus-one", -1);
  // max(x, least) = least + relu(x - least), and min(x, most) = most - relu(most - x)
  const above = add(`${name}/above`, "AddV2", input, scalar("minus-least", -least));
  const bounded = add(`${name}/above-least`, "Relu", above);
  const negated = add(`${name}/negated`, "Mul", bounded, minusOne);
  const below = add(`${name}/below`, "AddV2", negated, scalar("range", most - least));
  const left = add(`${name}/below-most`, "Relu", below);
  const back = add(`${name}/back`, "Mul", left, minusOne);
  return add(name, "AddV2", back, scalar("most", most));
}

/** Attributes of a node that adds a bias and applies an activation. */
export function fusedAttributes(activation: TfliteActivation): Readonly<Record<string, unknown>> {
  return {
    T: typeAttr("float32"),
    num_args: integer(1),
    fused_ops: texts(activation === "linear" ? ["BiasAdd"] : ["BiasAdd", activationOps[activation]]),
    epsilon: { f: 0 },
  };
}

/** Attributes of a node whose window slides. */
export function windowAttributes(
  strides: readonly [number, number],
  padding: Padding,
): Readonly<Record<string, unknown>> {
  const explicit =
    typeof padding === "string"
      ? { padding: text(padding.toUpperCase()), explicit_paddings: { list: {} } }
      : {
          padding: text("EXPLICIT"),
          explicit_paddings: integers([0, 0, padding.top, padding.bottom, padding.left, padding.right, 0, 0]),
        };
  return { data_format: text("NHWC"), strides: integers([1, ...strides, 1]), ...explicit };
}

const activationOps = { relu: "Relu", relu6: "Relu6" } as const;
