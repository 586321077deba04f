/**
 * The parts of an OpenAPI document that the page reads.
 * @typedef {{ $ref?: string, oneOf?: JsonSchema[], anyOf?: JsonSchema[], type?: string, enum?: string[],
 *   const?: string | number | boolean, items?: JsonSchema, properties?: Record<string, JsonSchema>, required?: string[],
 *   minimum?: number, maximum?: number, description?: string }} JsonSchema
 * @typedef {Record<string, { schema?: JsonSchema }>} Content by media type
 * @typedef {{ description?: string, content?: Content, $ref?: string }} Answer
 * @typedef {{ name: string, in: string, required: boolean, schema: JsonSchema }} Parameter
 * @typedef {{ operationId: string, summary: string, tags?: string[], "x-scope"?: string, parameters?: Parameter[],
 *   requestBody?: { content: Content }, responses: Record<string, Answer> }} Described
 * @typedef {{ info: { summary: string }, paths: Record<string, Record<string, Described>>,
 *   components: { schemas: Record<string, JsonSchema>, responses: Record<string, Answer> } }} OpenApi
 */

/**
 * One operation with where it lies.
 * @typedef {Described & { method: string, path: string }} Operation
 */

/**
 * The operations by chapter, in the document's order.
 * @param {OpenApi} document
 * @returns {Map<string, Operation[]>}
 */
export function operationsByChapter({ paths }) {
  /** @type {Map<string, Operation[]>} */
  const chapters = new Map();
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(item)) {
      const [chapter = "Other"] = described.tags ?? [];
      const operations = chapters.get(chapter) ?? [];
      operations.push({ ...described, method: method.toUpperCase(), path });
      chapters.set(chapter, operations);
    }
  }
  return chapters;
}

/**
 * The answer that is meant, which may lie among the components.
 * @param {OpenApi} document
 * @param {Answer} answer
 * @returns {Answer}
 */
export function resolve(document, answer) {
  return answer.$ref ? (document.components.responses[nameOf(answer.$ref)] ?? answer) : answer;
}

/**
 * Statuses that are answered alike, together.
 * @param {Record<string, Answer>} responses by status
 * @returns {[statuses: string[], answer: Answer][]}
 */
export function alike(responses) {
  /** @type {Map<string, [string[], Answer]>} */
  const groups = new Map();
  for (const [status, answer] of Object.entries(responses)) {
    const key = JSON.stringify(answer);
    const [statuses] = groups.get(key) ?? [[]];
    groups.set(key, [[...statuses, status], answer]);
  }
  return [...groups.values()];
}

/** @param {string} reference */
function nameOf(reference) {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

/**
 * A schema in a few words, in pieces of which some name another schema.
 * @param {JsonSchema} schema
 * @returns {{ text: string, isReference: boolean }[]}
 */
export function describeSchema(schema) {
  if (schema.$ref) return [{ text: nameOf(schema.$ref), isReference: true }];
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) {
    return choices.flatMap((choice, i) => [...(i > 0 ? [plain(" or ")] : []), ...describeSchema(choice)]);
  }
  if (schema.type === "array") return [plain("list of "), ...describeSchema(schema.items ?? {})];
  return [plain(wordsOf(schema))];
}

/**
 * The members of a schema, also of each of its choices.
 * @param {JsonSchema} schema
 * @returns {{ name: string, isRequired: boolean, schema: JsonSchema }[]}
 */
export function membersOf(schema) {
  const choices = schema.oneOf ?? schema.anyOf ?? [];
  const own = Object.entries(schema.properties ?? {}).map(([name, member]) => ({
    name,
    isRequired: schema.required?.includes(name) ?? false,
    schema: member,
  }));
  return [...own, ...choices.flatMap(membersOf)];
}

/** @param {string} text */
function plain(text) {
  return { text, isReference: false };
}

/** @param {JsonSchema} schema of one type */
function wordsOf({ type = "", description, minimum, maximum, ...schema }) {
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  // JSON Schema writes "any whole number" with these
  const limit = Number.MAX_SAFE_INTEGER;
  const from = minimum === undefined || minimum === -limit ? "" : ` from ${minimum}`;
  const to = maximum === undefined || maximum === limit ? "" : ` to ${maximum}`;
  return [type + from + to, description ?? ""].filter((words) => words !== "").join(": ");
}

/**
 * A command that asks for the operation.
 * @param {Operation} operation
 * @param {string} origin
 */
export function curlOf({ method, path, "x-scope": scope, requestBody }, origin) {
  const content = requestBody?.content ?? {};
  const parts = ["curl"];
  if (scope) parts.push("-H 'authorization: Bearer <key>'");
  if (content["image/*"]) parts.push("--data-binary @photo.jpg", "-H 'content-type: image/jpeg'");
  else if (content["multipart/form-data"]) parts.push("-F image=@photo.jpg");
  else if (content["application/json"])
    parts.push("--data @request.json", "-H 'content-type: application/json'");
  else if (method !== "GET") parts.push(`-X ${method}`);
  return [...parts, `'${origin}${path}'`].join(" ");
}
