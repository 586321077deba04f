import { createElement, element } from "./elements.js";
import { formatBytes, formatPercent } from "./format.js";

/** @typedef {import("./models.js").Answerer} Answerer */

/**
 * Lists who can be asked, the chosen one checked.
 * @param {readonly Answerer[]} answerers
 * @param {string} chosen name of one, empty for what serves where nothing is named
 * @param {(answerer: Answerer | undefined) => void} choose
 */
export function showAnswerers(answerers, chosen, choose) {
  element("models").hidden = answerers.length === 0;
  const list = element("models-list");
  const names = ["", ...answerers.map(({ name }) => name)];
  const checked = names.includes(chosen) ? chosen : "";
  const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.id : "";
  const serving = choice("answerer-0", "What serves", "as an app that names nothing gets it", checked === "");
  serving.input.addEventListener("change", () => choose(undefined));
  const others = answerers.map((answerer, i) => {
    const made = choice(`answerer-${i + 1}`, answerer.name, describe(answerer), checked === answerer.name);
    made.input.addEventListener("change", () => choose(answerer));
    return made.row;
  });
  const [legend] = list.children;
  list.replaceChildren(...(legend ? [legend] : []), serving.row, ...others);
  if (focused.startsWith("answerer-")) document.getElementById(focused)?.focus({ preventScroll: true });
}

/**
 * @param {string} id
 * @param {string} name
 * @param {string} description
 * @param {boolean} isChecked
 */
function choice(id, name, description, isChecked) {
  const row = createElement("div", "choice");
  const input = document.createElement("input");
  input.type = "radio";
  input.name = "answerer";
  input.id = id;
  input.checked = isChecked;
  input.setAttribute("aria-describedby", `${id}-note`);
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = name;
  const note = createElement("span", "quiet", description);
  note.id = `${id}-note`;
  row.append(input, label, note);
  return { row, input };
}

/**
 * What was measured of a version on its test split.
 * @param {Answerer} answerer
 */
function describe({ version, target, manifest }) {
  const named = target.alias === undefined ? "" : `${version}: `;
  if (!manifest) return `${named}its manifest cannot be read`;
  const size = formatBytes(manifest.files.reduce((sum, { bytes }) => sum + bytes, 0));
  const classes = `${manifest.labels.length} classes, ${size}`;
  const measured = manifest.metrics?.bundle;
  if (!measured || measured.images === 0) return `${named}${classes}, not evaluated here`;
  const { images, top1Accuracy, macroF1, expectedCalibrationError } = measured;
  return (
    `${named}top-1 ${formatPercent(top1Accuracy)}, macro F1 ${macroF1.toFixed(3)}, ` +
    `ECE ${expectedCalibrationError.toFixed(3)} on ${images} test images; ${classes}`
  );
}
