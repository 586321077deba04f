import { AppError } from "../contract/errors.ts";
import type { GraphNode } from "./graph-model.ts";

/** The error for a node that we do not run. @param fault what is wrong with it and what would be allowed */
export function unsupportedNode(node: GraphNode, fault: string): AppError {
  return new AppError("unsupported_model", `node ${node.name} (${node.op}) of model.json: ${fault}`, {
    details: { node: node.name, op: node.op },
  });
}

/** A list of integers. @throws unsupported_model when the node has none */
export function integers(node: GraphNode, name: string): readonly number[] {
  const list = node.attr[name]?.list?.i;
  if (list === undefined) throw unsupportedNode(node, `attribute ${name} is missing, it must list integers`);
  return list;
}

/** Text, decoded. */
export function text(node: GraphNode, name: string, fallback: string): string {
  const encoded = node.attr[name]?.s;
  return encoded === undefined ? fallback : decode(node, encoded);
}

/** A boolean. */
export function flag(node: GraphNode, name: string): boolean {
  return node.attr[name]?.b ?? false;
}

/** Names of the operations that are fused into the node, in their order. */
export function fusedOps(node: GraphNode): readonly string[] {
  return (node.attr["fused_ops"]?.list?.s ?? []).map((encoded) => decode(node, encoded));
}

function decode(node: GraphNode, base64: string): string {
  try {
    return atob(base64);
  } catch (cause) {
    throw new AppError("unsupported_model", `node ${node.name} of model.json has text that is not base64`, {
      cause,
    });
  }
}
