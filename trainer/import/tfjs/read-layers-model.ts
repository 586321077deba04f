import * as z from "zod/mini";
import { parseWith } from "../../../shared/contract/parse.ts";
import { layerSteps } from "./layer-steps.ts";
import { cannotImport, type Net, type NetNode } from "./net.ts";
import type { StoredWeights } from "./stored-weights.ts";

const layerSchema = z.object({
  class_name: z.string(),
  config: z.looseObject({ name: z.optional(z.string()) }),
  name: z.optional(z.string()),
  inbound_nodes: z.optional(z.array(z.array(z.array(z.unknown())))),
});

type LayerJson = z.infer<typeof layerSchema>;

const endsSchema = z.array(z.array(z.unknown()));
const sequentialSchema = z.union([
  z.object({ layers: z.array(layerSchema).check(z.maxLength(4096)) }),
  z.pipe(
    z.array(layerSchema).check(z.maxLength(4096)),
    z.transform((layers) => ({ layers })),
  ),
]);
const functionalSchema = z.object({
  layers: z.array(layerSchema).check(z.maxLength(4096)),
  input_layers: endsSchema,
  output_layers: endsSchema,
});

/** `model_config` of a LayersModel's topology. */
export const modelConfigSchema = z.object({ class_name: z.string(), config: z.unknown() });

const inputShapeSchema = z.tuple([z.null(), z.int(), z.int(), z.literal(3)]);

/** Models lie within models, as in Teachable Machine's exports; nobody nests them this deep. */
const deepest = 8;

/**
 * Reads a tfjs LayersModel, functional or sequential, models within models laid flat.
 * @param config the value of `modelTopology.model_config`
 * @throws unsupported_model naming the layer, invalid_argument for what is damaged
 */
export function readLayersModel(config: unknown, weights: StoredWeights): Net {
  const reader = new LayersReader(weights);
  const output = reader.readModel(config, null, 0);
  const { input } = reader;
  if (input === null) throw cannotImport("the model", "it has no input layer of [null, height, width, 3]");
  return { input, nodes: reader.nodes, output };
}

class LayersReader {
  readonly nodes: NetNode[] = [];
  input: Net["input"] | null = null;
  readonly #weights: StoredWeights;

  constructor(weights: StoredWeights) {
    this.#weights = weights;
  }

  /** Reads a model. @param given the value that goes in, `null` for the image @returns the name of what comes out */
  readModel(json: unknown, given: string | null, depth: number): string {
    const { class_name: className, config } = parseWith(modelConfigSchema, json, "the model's topology");
    if (depth > deepest) throw cannotImport("the model", `models are nested deeper than ${deepest}`);
    if (className === "Sequential") return this.#readSequential(config, given, depth);
    if (className === "Model" || className === "Functional")
      return this.#readFunctional(config, given, depth);
    throw cannotImport("the model", `it is a ${className}; allowed are Model, Functional and Sequential`);
  }

  #readSequential(config: unknown, given: string | null, depth: number): string {
    const { layers } = parseWith(sequentialSchema, config, "a sequential model");
    let value = given;
    for (const layer of layers) value = this.#readLayer(layer, value === null ? [] : [value], depth);
    if (value === null) throw cannotImport("a sequential model", "it has no layers");
    return value;
  }

  #readFunctional(config: unknown, given: string | null, depth: number): string {
    const model = parseWith(functionalSchema, config, "a functional model");
    const [inputName] = onlyEnd(model.input_layers, "inputs");
    const [outputName] = onlyEnd(model.output_layers, "outputs");
    const values = new Map<string, string>();
    for (const layer of model.layers) {
      const name = nameOf(layer);
      if (name === inputName && given !== null) {
        values.set(name, given);
        continue;
      }
      const calls = layer.inbound_nodes ?? [];
      if (calls.length > 1) throw cannotImport(describe(layer), "it is used more than once");
      const inputs = (calls[0] ?? []).map(([source]) => {
        const value = values.get(String(source));
        if (value !== undefined) return value;
        throw cannotImport(describe(layer), `its input ${String(source)} does not come before it`);
      });
      values.set(name, this.#readLayer(layer, inputs, depth));
    }
    const output = values.get(outputName);
    if (output === undefined)
      throw cannotImport("the model", `its output ${outputName} is none of its layers`);
    return output;
  }

  #readLayer(layer: LayerJson, inputs: readonly string[], depth: number): string {
    const { class_name: className, config } = layer;
    if (["Model", "Functional", "Sequential"].includes(className)) {
      return this.readModel(layer, inputs[0] ?? null, depth + 1);
    }
    const from = inputs.length > 0 ? inputs : [this.#placeInput(layer)];
    if (className === "InputLayer") return from[0] ?? "";
    let given = from;
    for (const [index, step] of layerSteps(className, config, this.#weights, describe(layer)).entries()) {
      // Names of layers repeat in nested models; the position tells values apart.
      const name = `${safeName(nameOf(layer))}_${this.nodes.length}${index === 0 ? "" : `_${index}`}`;
      this.nodes.push({ ...step, name, inputs: given });
      given = [name];
    }
    return given[0] ?? "";
  }

  /** The image, as the first layer declares it. */
  #placeInput(layer: LayerJson): string {
    const shape = layer.config["batch_input_shape"] ?? layer.config["batch_shape"];
    if (this.input !== null) throw cannotImport(describe(layer), "the model has a second input");
    const [, height, width] = parseWith(
      inputShapeSchema,
      shape,
      `the input shape of ${describe(layer)}`,
      "unsupported_model",
    );
    this.input = { name: "input", height, width };
    return this.input.name;
  }
}

function onlyEnd(ends: readonly (readonly unknown[])[], what: string): [string] {
  // Newer files have one flat triple where there is one end.
  const [first, second] = ends;
  if (first === undefined || second !== undefined) {
    throw cannotImport("the model", `it has ${ends.length} ${what}, allowed is one`);
  }
  return [String(first[0])];
}

function nameOf({ name, config }: LayerJson): string {
  return name ?? config.name ?? "layer";
}

function safeName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, 80);
}

function describe(layer: LayerJson): string {
  return `layer ${nameOf(layer)} (${layer.class_name})`;
}
