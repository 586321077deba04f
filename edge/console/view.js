import { classifyUrl, mediaTypeOf } from "./api.js";
import { hasKey } from "./key.js";
import { curlCommand, formatBytes, formatDuration, formatPercent } from "./format.js";

/** @typedef {import("./api.js").Answer} Answer */
/** @typedef {import("./api.js").ConsoleError} ConsoleError */

/**
 * A photo of this tab; `url` is an object URL, revoked when the photo leaves the history.
 * @typedef {{ file: File, url: string, answer: Answer | undefined }} Photo
 */

/**
 * What the answer section shows.
 * @typedef {{ kind: "empty" } | { kind: "busy" } | { kind: "failed", error: ConsoleError }
 *   | { kind: "answered", photo: Photo, answer: Answer }} AnswerState
 */

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
 * Shows the chosen photo. A file that the browser cannot draw still shows by name.
 * @param {Photo} photo
 */
export function showPhoto(photo) {
  const image = elementAs("preview-image", HTMLImageElement);
  image.hidden = false;
  image.addEventListener("error", () => (image.hidden = true), { once: true });
  image.src = photo.url;
  image.alt = `Your photo ${photo.file.name}`;
  element("preview-name").textContent = `${photo.file.name} · ${formatBytes(photo.file.size)}`;
  element("preview").hidden = false;
  element("prompt").hidden = true;
  element("drop").dataset["filled"] = "true";
}

/**
 * Shows one state of the answer and hides the others.
 * @param {AnswerState} state
 */
export function showAnswer(state) {
  const section = element("answer");
  section.setAttribute("aria-busy", String(state.kind === "busy"));
  if (state.kind === "failed") fillProblem(state.error);
  if (state.kind === "answered") fillAnswer(state.photo, state.answer);
  for (const part of section.querySelectorAll("[data-when]")) {
    if (part instanceof HTMLElement) part.hidden = part.dataset["when"] !== state.kind;
  }
  // On a phone the answer lies below the photo.
  if (state.kind !== "empty") section.scrollIntoView({ block: "nearest" });
  announce(state);
}

/** @param {ConsoleError} error */
function fillProblem(error) {
  element("problem-title").textContent = error.title;
  element("problem-detail").textContent = error.message;
  element("problem-advice").textContent = error.advice;
  element("problem-reference").textContent = error.reference;
  element("retry").hidden = !error.canRetry;
}

/**
 * @param {Photo} photo
 * @param {Answer} answer
 */
function fillAnswer(photo, answer) {
  const { classification } = answer;
  const top = classification.predictions[0];
  element("top-label").textContent = classification.unknown
    ? "None of the known classes"
    : (top?.label ?? "No class");
  element("top-percent").textContent = classification.unknown || !top ? "" : formatPercent(top.probability);
  element("top-note").textContent = noteOf(classification);
  const bars = element("bars");
  bars.dataset["unknown"] = String(classification.unknown);
  bars.replaceChildren(...classification.predictions.map(barOf));
  element("facts").replaceChildren(...factsOf(photo, answer).flatMap(([name, value]) => factOf(name, value)));
  element("curl").textContent = curlCommand(
    classifyUrl(),
    photo.file.name,
    mediaTypeOf(photo.file),
    hasKey(),
  );
  element("json").textContent = JSON.stringify(classification, null, 2);
}

/** @param {import("./api.js").Classification} classification */
function noteOf(classification) {
  const top = classification.predictions[0];
  if (classification.unknown && top)
    return `The nearest class is ${top.label}, at ${formatPercent(top.probability)}.`;
  if (!classification.recognized) return "Below this class's threshold: take it as a guess.";
  return "";
}

/** @param {import("./api.js").Prediction} prediction */
function barOf(prediction) {
  const item = document.createElement("li");
  const fill = createElement("div", "fill");
  fill.style.setProperty("--probability", String(prediction.probability));
  const track = createElement("div", "track");
  track.setAttribute("aria-hidden", "true");
  track.append(fill);
  item.append(
    createElement("span", "label", prediction.label),
    createElement("span", "percent", formatPercent(prediction.probability)),
    track,
  );
  return item;
}

/**
 * @param {Photo} photo
 * @param {Answer} answer
 * @returns {[string, string][]}
 */
function factsOf(photo, answer) {
  const { model, version, requestId } = answer.classification;
  return [
    ["Round trip", `${formatDuration(answer.roundTripMs)}, ${formatBytes(photo.file.size)} sent`],
    ...answer.phases.map(
      (phase) =>
        /** @type {[string, string]} */ ([`Server: ${phase.name}`, formatDuration(phase.milliseconds)]),
    ),
    ["Model", model],
    ["Version", version],
    ["Request", requestId],
  ];
}

/**
 * @param {string} name
 * @param {string} value
 */
function factOf(name, value) {
  return [createElement("dt", "", name), createElement("dd", "", value)];
}

/**
 * Lists the photos answered in this tab, the latest first.
 * @param {readonly Photo[]} photos
 * @param {Photo | undefined} shown the one the page shows now
 * @param {(photo: Photo) => void} open called with the photo whose button was pressed
 */
export function showHistory(photos, shown, open) {
  element("history").hidden = photos.length < 2;
  const list = element("history-list");
  const hadFocus = list.contains(document.activeElement);
  list.replaceChildren(...photos.map((photo) => historyItem(photo, photo === shown, open)));
  const current = list.querySelector('[aria-current="true"]');
  if (hadFocus && current instanceof HTMLElement) current.focus({ preventScroll: true });
}

/**
 * @param {Photo} photo
 * @param {boolean} isShown
 * @param {(photo: Photo) => void} open
 */
function historyItem(photo, isShown, open) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-current", String(isShown));
  button.addEventListener("click", () => open(photo));
  const image = document.createElement("img");
  image.src = photo.url;
  image.alt = "";
  button.append(image, ...summaryOf(photo.answer).map((text) => createElement("span", "", text)));
  item.append(button);
  return item;
}

/**
 * @param {Answer | undefined} answer
 * @returns {string[]}
 */
function summaryOf(answer) {
  const top = answer?.classification.predictions[0];
  if (!answer || !top) return [];
  return answer.classification.unknown ? ["unknown"] : [top.label, formatPercent(top.probability)];
}

/**
 * Shows which model serves, and how it is.
 * @param {import("./served.js").Served} served
 */
export function showServed(served) {
  element("served").dataset["health"] = served.health;
  setText("served-text", served.text);
  setText("banner", served.warning);
  element("banner").hidden = served.warning === "";
}

/**
 * Says the outcome once to a screen reader; the bars themselves are there to be read at leisure.
 * @param {AnswerState} state
 */
function announce(state) {
  setText("announcement", sentenceOf(state));
}

/** @param {AnswerState} state */
function sentenceOf(state) {
  if (state.kind === "empty") return "";
  if (state.kind === "busy") return "Classifying the photo.";
  if (state.kind === "failed") return `${state.error.title}. ${state.error.message} ${state.error.advice}`;
  const { classification, roundTripMs } = state.answer;
  const top = classification.predictions[0];
  if (!top) return "The model knows no class.";
  const answer = classification.unknown
    ? "None of the known classes."
    : `${top.label}, ${formatPercent(top.probability)}.`;
  return `${answer} ${noteOf(classification)} Answered in ${formatDuration(roundTripMs)}.`;
}

/**
 * Writes only what changed, so that a live region does not repeat itself.
 * @param {string} id
 * @param {string} text
 */
function setText(id, text) {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function createElement(tag, className, text = "") {
  const created = document.createElement(tag);
  if (className !== "") created.className = className;
  created.textContent = text;
  return created;
}
