import { createElement, element, elementAs } from "./elements.js";
import { formatPercent } from "./format.js";

/** @typedef {import("./camera-api.js").Camera} Camera */
/** @typedef {import("./camera-api.js").CameraEvent} CameraEvent */
/** @typedef {import("./camera-api.js").Frame} Frame */
/** @typedef {import("./camera-api.js").Tuning} Tuning */

/** What is wrong with a camera, for people. */
const faultNames = new Map([
  ["offline", "silent"],
  ["frozen", "frozen: the same picture again and again"],
  ["black", "black: it shows nothing"],
  ["blurred", "blurred"],
  ["tampered", "turned or covered: another scene than usual"],
]);
const minute = 60_000;

/** A fault in a few words. @param {string} fault */
export function nameOfFault(fault) {
  return faultNames.get(fault) ?? fault;
}

/** State of a camera and since when, as a sentence. @param {Camera} camera */
export function describeState({ state: { label, since } }) {
  if (label === null || since === null) return "No state yet";
  return `since ${clockTime(since)}, ${ageOf(since)}`;
}

/** Writes the state and the condition of a camera. @param {Camera} camera */
export function showCamera(camera) {
  const { state, health } = camera;
  const label = element("state-label");
  const text = state.label ?? "unknown";
  if (label.textContent !== text) label.textContent = text;
  element("state-since").textContent = describeState(camera);
  element("state-probability").textContent =
    state.label === null ? "" : `${formatPercent(state.probability)} on average in the frames that made it`;
  const { lastSeenAt, framesPerSecond, faults } = health;
  const facts = [
    ["Last frame", lastSeenAt === null ? "never" : `${clockTime(lastSeenAt)}, ${ageOf(lastSeenAt)}`],
    ["Frames a second", framesPerSecond === null ? "unknown" : String(framesPerSecond)],
  ];
  element("health").replaceChildren(...facts.flatMap(factOf));
  element("faults").replaceChildren(
    ...(faults.length === 0
      ? [
          createElement(
            "li",
            "sound",
            lastSeenAt === null ? "No frame yet" : "Nothing is wrong with the camera",
          ),
        ]
      : faults.map((fault) => createElement("li", "fault", nameOfFault(fault)))),
  );
}

/**
 * Writes what the last frames voted for, and what is needed.
 * @param {readonly Frame[]} frames the oldest first
 * @param {Tuning} tuning
 * @param {(label: string) => number} colourOf
 */
export function showVotes(frames, { vote, minProbability }, colourOf) {
  const last = frames.filter(({ verdict }) => verdict === "counted").slice(-vote.n);
  element("votes").replaceChildren(
    ...last.map(({ vote: label, probability }) => {
      const item = createElement("li", "");
      const bar = createElement("span", `bar colour-${label === null ? "none" : colourOf(label)}`);
      bar.style.blockSize = `${Math.max(4, probability * 100)}%`;
      const isUnsure = label !== null && probability < minProbability;
      const text = label === null ? "none" : `${label} ${formatPercent(probability)}`;
      item.append(bar, createElement("span", "", isUnsure ? `${text}, not sure enough` : text));
      return item;
    }),
  );
  element("votes-note").textContent =
    `A new state needs ${vote.k} of the last ${vote.n} frames, each sure by ${Math.round(minProbability * 100)} % at least.`;
}

/** Writes events, the newest first. @param {readonly CameraEvent[]} events */
export function showEvents(events) {
  element("no-events").hidden = events.length > 0;
  element("events").replaceChildren(
    ...events.map((event) => {
      const item = createElement("li", "");
      const time = elementOf("time", clockTime(event.at));
      time.setAttribute("datetime", event.at);
      item.append(time, " ", describeEvent(event));
      return item;
    }),
  );
}

/** An event as a sentence. @param {CameraEvent} event */
export function describeEvent({ type, label, previous, probability, fault, active }) {
  if (type === "camera.state")
    return `${label ?? ""} (${formatPercent(probability ?? 0)}), before it ${previous ?? ""}`;
  return `${nameOfFault(fault ?? "")}${active === true ? "" : ": over"}`;
}

/** Names of labels beside their colours. @param {readonly string[]} labels @param {(label: string) => number} colourOf */
export function showLegend(labels, colourOf) {
  element("legend").replaceChildren(
    ...labels.map((label) => createElement("li", `colour-${colourOf(label)}`, label)),
  );
}

/** Shows whether the page hears the camera. @param {boolean} isLive @param {string} text */
export function showConnection(isLive, text) {
  const served = elementAs("served", HTMLElement);
  served.dataset["health"] = isLive ? "ready" : "warned";
  const place = element("served-text");
  if (place.textContent !== text) place.textContent = text;
}

/** @param {readonly string[]} fact */
function factOf([term = "", text = ""]) {
  return [elementOf("dt", term), elementOf("dd", text)];
}

/** @param {string} tag @param {string} text */
function elementOf(tag, text) {
  return createElement(tag, "", text);
}

/** Time of day, with the date where it is another day. @param {string} at */
export function clockTime(at) {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? time.toLocaleTimeString() : time.toLocaleString();
}

/** How long ago something was. @param {string} at */
function ageOf(at) {
  const age = Math.max(0, Date.now() - Date.parse(at));
  if (age < minute) return `${Math.round(age / 1000)} s ago`;
  if (age < 120 * minute) return `${Math.round(age / minute)} min ago`;
  return age < 48 * 60 * minute
    ? `${Math.round(age / minute / 60)} h ago`
    : `${Math.round(age / minute / 1440)} days ago`;
}
