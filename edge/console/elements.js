/**
 * The element of the page with this id.
 * @param {string} id
 */
export function element(id) {
  return elementAs(id, HTMLElement);
}

/**
 * The element of the page with this id and kind.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type e.g. `HTMLInputElement`
 * @returns {T}
 * @throws {Error} when index.html has none: a mistake of ours
 */
export function elementAs(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} with the id ${id}`);
  return found;
}

/**
 * A new element with text; text stays text, whatever it holds.
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
export function createElement(tag, className, text = "") {
  const created = document.createElement(tag);
  if (className !== "") created.className = className;
  created.textContent = text;
  return created;
}
