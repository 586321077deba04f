import * as z from "zod/mini";
import { cannotImport } from "./net.ts";

const int64 = z.pipe(
  z.union([z.number(), z.string().check(z.regex(/^-?\d{1,15}$/))]),
  z.transform((value) => Number(value)),
);
const attributeSchema = z.looseObject({
  s: z.optional(z.string()),
  b: z.optional(z.boolean()),
  i: z.optional(int64),
  f: z.optional(z.number()),
  shape: z.optional(z.looseObject({ dim: z.optional(z.array(z.looseObject({ size: z.optional(int64) }))) })),
  list: z.optional(z.looseObject({ i: z.optional(z.array(int64)), s: z.optional(z.array(z.string())) })),
});
const nodeSchema = z.object({
  name: z.string().check(z.maxLength(400)),
  op: z.string().check(z.maxLength(100)),
  input: z.prefault(z.array(z.string().check(z.maxLength(400))).check(z.maxLength(64)), []),
  attr: z.prefault(z.record(z.string(), attributeSchema), {}),
});

/** `modelTopology` of a GraphModel. */
export const graphTopologySchema = z.object({ node: z.array(nodeSchema).check(z.maxLength(8192)) });

/** An operation of a frozen graph, as its file says it. */
export type FrozenNode = z.infer<typeof nodeSchema>;

/** Names a node in messages. */
export function describeNode({ name, op }: FrozenNode): string {
  return `node ${name} (${op})`;
}

/** A list of whole numbers. @throws unsupported_model when there is none */
export function integersOf(node: FrozenNode, attribute: string): readonly number[] {
  const list = node.attr[attribute]?.list?.i;
  if (list !== undefined) return list;
  throw cannotImport(describeNode(node), `its ${attribute} are missing`);
}

/** A text attribute, empty when there is none. */
export function textOf(node: FrozenNode, attribute: string): string {
  return decode(node.attr[attribute]?.s ?? "");
}

/** A list of texts, empty when there is none. */
export function textsOf(node: FrozenNode, attribute: string): readonly string[] {
  return (node.attr[attribute]?.list?.s ?? []).map(decode);
}

/** A boolean attribute, false when there is none. */
export function flagOf(node: FrozenNode, attribute: string): boolean {
  return node.attr[attribute]?.b ?? false;
}

/** Two numbers that move in space only, from a list over N, H, W, C. @throws unsupported_model */
export function spatialOf(node: FrozenNode, attribute: string): [number, number] {
  const [batch, height = 0, width = 0, channels] = integersOf(node, attribute);
  const fits = [height, width].every((size) => size >= 1 && size <= 64);
  if (batch === 1 && channels === 1 && fits) return [height, width];
  throw cannotImport(
    describeNode(node),
    `its ${attribute} are [${[batch, height, width, channels].join(", ")}]; allowed are [1, h, w, 1] with 1 to 64`,
  );
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}
