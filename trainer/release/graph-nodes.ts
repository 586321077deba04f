/** A node of a GraphModel's topology: TensorFlow's NodeDef as JSON, strings base64, int64 as decimal text. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, unknown>>;
}

/** Element type of a node's output. */
export type GraphType = "float32" | "int32";

const typeNames = { float32: "DT_FLOAT", int32: "DT_INT32" } as const;

/** TensorFlow's name of an element type. */
function typeName(type: GraphType): string {
  return typeNames[type];
}

/** A `DataType` attribute. */
export function typeAttr(type: GraphType): unknown {
  return { type: typeNames[type] };
}

/** A string attribute. */
export function text(value: string): unknown {
  return { s: base64(value) };
}

/** A list of strings attribute. */
export function texts(values: readonly string[]): unknown {
  return { list: { s: values.map(base64) } };
}

/** An integer attribute. */
export function integer(value: number): unknown {
  return { i: String(value) };
}

/** A list of integers attribute. */
export function integers(values: readonly number[]): unknown {
  return { list: { i: values.map(String) } };
}

/** A `TensorShapeProto`; -1 is the unknown batch. */
export function tensorShape(shape: readonly number[]): unknown {
  return { dim: shape.map((size) => ({ size: String(size) })) };
}

/** A float32 tensor of the signature. @param shape of one image, without the batch */
export function tensorInfo(name: string, shape: readonly number[]): unknown {
  return { name: `${name}:0`, dtype: typeNames.float32, tensorShape: tensorShape([-1, ...shape]) };
}

/** A constant, whose values the weight of the same name holds. */
export function constant(name: string, type: GraphType, shape: readonly number[]): GraphNode {
  const tensor = { dtype: typeName(type), tensorShape: tensorShape(shape) };
  return { name, op: "Const", attr: { dtype: typeAttr(type), value: { tensor } } };
}

function base64(value: string): string {
  return btoa(value);
}
