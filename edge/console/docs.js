import { alike, curlOf, describeSchema, membersOf, operationsByChapter, resolve } from "./openapi.js";

/** @typedef {import("./openapi.js").OpenApi} OpenApi */
/** @typedef {import("./openapi.js").Operation} Operation */
/** @typedef {import("./openapi.js").JsonSchema} JsonSchema */
/** @typedef {import("./openapi.js").Content} Content */

/**
 * An element with children; text stays text, whatever it holds.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Text with what stands between backticks as code.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function prose(text) {
  return text.split("`").map((part, i) => (i % 2 === 0 ? part : make("code", {}, part)));
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`docs.html has no ${id}`);
  return found;
}

/**
 * A heading with its lines, or nothing where there are none.
 * @param {string} title
 * @param {Node[]} lines
 * @returns {Node[]}
 */
function block(title, lines) {
  return lines.length === 0 ? [] : [make("h4", {}, title), make("ul", { class: "members" }, ...lines)];
}

/**
 * A schema in words, its references as links.
 * @param {JsonSchema} [schema]
 * @returns {(Node | string)[]}
 */
function schemaNodes(schema = {}) {
  return describeSchema(schema).map(({ text, isReference }) =>
    isReference ? make("a", { href: `#schema-${text}` }, text) : text,
  );
}

/**
 * @param {Content} content
 * @returns {(Node | string)[][]} a line a media type
 */
function contentLines(content) {
  return Object.entries(content).map(([type, { schema }]) => [
    make("code", {}, type),
    " ",
    ...schemaNodes(schema),
  ]);
}

/**
 * @param {OpenApi} document
 * @param {Operation} operation
 */
function operationNode(document, operation) {
  const { method, path, summary, operationId, parameters = [], requestBody, responses } = operation;
  const scope = operation["x-scope"];
  const takes = parameters.map(({ name, in: place, required, schema }) =>
    make(
      "li",
      {},
      make("code", {}, name),
      ` (${place}${required ? "" : ", optional"}) `,
      ...schemaNodes(schema),
    ),
  );
  const bodies = contentLines(requestBody?.content ?? {}).map((line) => make("li", {}, ...line));
  const answers = alike(responses).map(([statuses, answer]) => {
    const { description = "", content = {} } = resolve(document, answer);
    const lines = contentLines(content).flatMap((line) => [" ", ...line]);
    return make("li", {}, make("strong", {}, statuses.join(", ")), ...prose(` ${description}`), ...lines);
  });
  const name = `${method} ${path}`;
  return make(
    "section",
    { class: "operation", id: operationId, "aria-label": name },
    make("h3", {}, make("span", { class: "method" }, method), make("code", {}, path)),
    make("p", {}, ...prose(summary), ...(scope ? [" Scope: ", make("code", {}, scope), "."] : [])),
    ...block("Takes", takes),
    ...block("Body", bodies),
    ...block("Answers", answers),
    make("pre", { tabindex: "0", "aria-label": `${name} with curl` }, curlOf(operation, location.origin)),
  );
}

/**
 * @param {string} name
 * @param {JsonSchema} schema
 */
function schemaNode(name, schema) {
  const members = membersOf(schema).map((member) =>
    make(
      "li",
      {},
      make("code", {}, member.name),
      member.isRequired ? " " : " (optional) ",
      ...schemaNodes(member.schema),
    ),
  );
  return make(
    "section",
    { class: "operation", id: `schema-${name}`, "aria-label": name },
    make("h3", {}, make("code", {}, name)),
    make(
      "ul",
      { class: "members" },
      ...(members.length > 0 ? members : [make("li", {}, ...schemaNodes(schema))]),
    ),
  );
}

/**
 * @param {string} title of a chapter
 */
function idOf(title) {
  return title.toLowerCase().replaceAll(" ", "-");
}

/** Reads the document and draws it. */
async function draw() {
  const answer = await fetch(new URL("openapi.json", document.baseURI));
  /** @type {OpenApi} */
  const api = await answer.json();
  element("summary").textContent = api.info.summary;
  const chapters = [...operationsByChapter(api)].map(([title, operations]) => ({
    title,
    nodes: operations.map((operation) => operationNode(api, operation)),
  }));
  chapters.push({
    title: "Schemas",
    nodes: Object.entries(api.components.schemas).map(([name, schema]) => schemaNode(name, schema)),
  });
  const links = chapters.map(({ title }) => make("li", {}, make("a", { href: `#${idOf(title)}` }, title)));
  element("contents").replaceChildren(make("ul", {}, ...links));
  element("chapters").replaceChildren(
    ...chapters.map(({ title, nodes }) =>
      make("section", { class: "chapter", id: idOf(title) }, make("h2", {}, title), ...nodes),
    ),
  );
  // what the address names was not there when the page was opened
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

draw().catch((error) => {
  element("problem").textContent = `openapi.json cannot be read: ${error}`;
  element("problem").hidden = false;
});
