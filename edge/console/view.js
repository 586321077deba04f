import { classifyUrl, mediaTypeOf } from "./api.js";
import { createElement, element } from "./elements.js";
import { curlCommand, formatBytes, formatDuration, formatPercent } from "./format.js";
import { hasKey } from "./key.js";
import { showOverlay } from "./photo-view.js";

/** @typedef {import("./api.js").Answer} Answer */
/** @typedef {import("./api.js").ConsoleError} ConsoleError */

/** @typedef {import("./photo-view.js").Photo} Photo */

/**
 * What the answer section shows.
 * @typedef {{ kind: "empty" } | { kind: "busy" } | { kind: "failed", error: ConsoleError }
 *   | { kind: "answered", photo: Photo, answer: Answer, isLive?: boolean }} AnswerState
 */

/**
 * Shows one state of the answer and hides the others.
 * @param {AnswerState} state
 */
export function showAnswer(state) {
  const section = element("answer");
  section.setAttribute("aria-busy", String(state.kind === "busy"));
  if (state.kind === "failed") fillProblem(state.error);
  if (state.kind === "answered") fillAnswer(state.photo, state.answer);
  const isLive = state.kind === "answered" && state.isLive === true;
  element("rates").hidden = !isLive;
  for (const part of section.querySelectorAll("[data-when]")) {
    if (part instanceof HTMLElement) part.hidden = part.dataset["when"] !== state.kind;
  }
  // On a phone the answer lies below the photo, and what asks for a key above it.
  const needsKey = state.kind === "failed" && state.error.code === "unauthorized";
  const place = needsKey ? element("key-form") : section;
  if (state.kind !== "empty" && !isLive) place.scrollIntoView({ block: "nearest" });
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
  showOverlay(answer);
  const top = classification.predictions[0];
  element("top-label").textContent = classification.unknown
    ? "None of the known classes"
    : (top?.label ?? "No class");
  element("top-percent").textContent = classification.unknown || !top ? "" : formatPercent(top.probability);
  element("top-note").textContent = noteOf(classification);
  const bars = element("bars");
  bars.dataset["unknown"] = String(classification.unknown);
  bars.replaceChildren(...classification.predictions.map(barOf));
  if (top) markThresholds(new Map([[top.classIndex, classification.threshold]]));
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
  item.dataset["classIndex"] = String(prediction.classIndex);
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
 * Marks on the bars from where on a class counts as recognised.
 * @param {ReadonlyMap<number, number>} thresholds 0-1, by class index
 */
export function markThresholds(thresholds) {
  for (const item of element("bars").children) {
    if (!(item instanceof HTMLElement)) continue;
    const threshold = thresholds.get(Number(item.dataset["classIndex"]));
    const track = item.querySelector(".track");
    if (!threshold || !track || track.querySelector(".mark")) continue;
    const mark = createElement("div", "mark");
    mark.style.setProperty("--threshold", String(threshold));
    track.append(mark);
  }
}

/**
 * Shows how fast live answers come.
 * @param {import("./live.js").Rate} rate
 */
export function showRate({ perSecond, medianMs }) {
  element("rates").replaceChildren(
    ...factOf("Answers per second", perSecond.toFixed(1)),
    ...factOf("Round trip, median", formatDuration(medianMs)),
  );
}

/**
 * @param {Photo} photo
 * @param {Answer} answer
 * @returns {[string, string][]}
 */
function factsOf(photo, answer) {
  const { model, version, requestId, threshold, predictions } = answer.classification;
  const [top] = predictions;
  return [
    ["Round trip", `${formatDuration(answer.roundTripMs)}, ${formatBytes(photo.file.size)} sent`],
    ...answer.phases.map(
      (phase) =>
        /** @type {[string, string]} */ ([`Server: ${phase.name}`, formatDuration(phase.milliseconds)]),
    ),
    ["Threshold", top && threshold > 0 ? `${formatPercent(threshold)} for ${top.label}` : "none"],
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
  // said only when it changes
  if (state.isLive) return classification.unknown ? "None of the known classes" : top.label;
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
