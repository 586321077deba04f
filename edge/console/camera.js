import { ConsoleError } from "./api.js";
import { cameraNamed, follow, lastEvents, previewFrames, recentFrames, saveTuning } from "./camera-api.js";
import { CameraPictures } from "./camera-pictures.js";
import {
  clockTime,
  describeEvent,
  showCamera,
  showConnection,
  showEvents,
  showLegend,
  showVotes,
} from "./camera-view.js";
import { element, elementAs } from "./elements.js";
import { listenToKeyForm } from "./key.js";
import { createRegionEditor } from "./region-editor.js";
import { changesText, createColours, drawTimeline } from "./timeline.js";
import { listenToSliders, showTuning } from "./tuning-form.js";

/** @typedef {import("./camera-api.js").Camera} Camera */
/** @typedef {import("./camera-api.js").CameraEvent} CameraEvent */
/** @typedef {import("./camera-api.js").Frame} Frame */
/** @typedef {import("./camera-api.js").Tuning} Tuning */

/** Sooner than the server stops to send pictures to nobody. */
const refreshMs = 10_000;
const againMs = 2000;
const previewAfterMs = 150;
const mostFrames = 120;
const mostEvents = 50;

const id = new URL(document.baseURI).searchParams.get("id") ?? "";
const colourOf = createColours();
const pictures = new CameraPictures(id);
/** @type {Camera | null} */
let camera = null;
/** @type {Frame[]} the oldest first */
let frames = [];
/** @type {Frame[] | null} with the change that is being made */
let tried = null;
/** @type {CameraEvent[]} the newest first */
let events = [];
/** @type {Partial<Tuning>} what was changed and not saved */
let change = {};
let preview = new AbortController();
let stream = new AbortController();

const region = createRegionEditor(element("stage"), (next) => alter({ region: next }));
listenToSliders(alter);
elementAs("tuning", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(save);
});
elementAs("undo", HTMLButtonElement).addEventListener("click", () => forgetChange("Undone."));
listenToKeyForm(elementAs("key-form", HTMLFormElement), begin);
document.addEventListener("visibilitychange", begin);
setInterval(() => {
  if (isWatching()) void attempt(refresh);
}, refreshMs);
element("name").textContent = id;
document.title = `${id} · edgewise camera`;
elementAs("back", HTMLAnchorElement).href = id.includes(".") ? `cameras?site=${id.split(".")[0]}` : "cameras";
begin();

function isWatching() {
  return !document.hidden && element("key-form").hidden;
}

/** Looks, or stops to look where the page cannot be seen. */
function begin() {
  stream.abort();
  stream = new AbortController();
  if (!isWatching()) return;
  const { signal } = stream;
  void attempt(async () => {
    [events] = await Promise.all([lastEvents(id), refresh()]);
    showEvents(events);
    void listen(signal);
  });
}

/** Reads what there is; what came by the stream meanwhile comes again with it. */
async function refresh() {
  [camera, frames] = await Promise.all([cameraNamed(id), recentFrames(id)]);
  element("camera").hidden = false;
  if (!hasChange()) showSettings(camera);
  showFrames();
}

/** @param {AbortSignal} signal */
async function listen(signal) {
  while (!signal.aborted) {
    try {
      await follow(id, { onFrame, onEvent, onOpen: () => showConnection(true, "Live") }, signal);
    } catch {
      // the stream is opened again, whatever ended it
    }
    if (signal.aborted || !isWatching()) return;
    showConnection(false, "Not connected; trying again");
    await new Promise((resolve) => {
      setTimeout(resolve, againMs);
    });
  }
}

/** @param {Frame} frame */
function onFrame(frame) {
  frames = [...frames, frame].slice(-mostFrames);
  if (camera !== null) {
    camera = { ...camera, health: { ...camera.health, lastSeenAt: frame.at } };
  }
  showFrames();
}

/** @param {CameraEvent} event */
function onEvent(event) {
  events = [event, ...events].slice(0, mostEvents);
  showEvents(events);
  say(`${clockTime(event.at)}: ${describeEvent(event)}`);
  void attempt(refresh);
}

function showFrames() {
  if (camera === null) return;
  showCamera(camera);
  showVotes(frames, camera.config, colourOf);
  const labels = [...frames, ...(tried ?? [])].flatMap(({ vote, state }) => [state, vote]);
  drawTimeline(element("timeline"), frames, tried, colourOf);
  showLegend([...new Set(labels.filter((label) => label !== null))], colourOf);
  pictures.show(frames, tried);
}

/** @param {Partial<Tuning>} changed */
function alter(changed) {
  if (camera === null) return;
  change = withoutSame({ ...change, ...changed }, camera.config);
  preview.abort();
  preview = new AbortController();
  const { signal } = preview;
  showButtons();
  setTimeout(() => {
    if (!signal.aborted) void attempt(() => tryOut(signal));
  }, previewAfterMs);
}

/** Shows what the last frames would have meant with the change. @param {AbortSignal} signal */
async function tryOut(signal) {
  if (!hasChange()) {
    tried = null;
    element("effect").textContent = "";
  } else {
    const answered = await previewFrames(id, change, signal).catch((/** @type {unknown} */ error) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (answered === null || signal.aborted) return;
    tried = answered;
    element("effect").textContent = describeEffect(answered);
  }
  element("timeline").classList.toggle("trying", tried !== null);
  showFrames();
}

/** @param {Frame[]} answered */
function describeEffect(answered) {
  const before = answered.length === 0 ? frames : frames.slice(-answered.length);
  const state = answered.at(-1)?.state ?? "unknown";
  const which = answered.length < frames.length ? `${answered.length} frames with pictures` : "last frames";
  return answered.length === 0
    ? "Another region is tried on frames with pictures; none has come yet."
    : `With these settings the ${which} show ${changesText(answered)} instead of ${changesText(before)}, and now ${state}.`;
}

async function save() {
  if (!hasChange()) return;
  const saved = change;
  camera = await saveTuning(id, saved);
  // what was changed meanwhile is still a change
  if (change === saved) forgetChange("Saved.");
  else alter({});
}

/** @param {string} said */
function forgetChange(said) {
  preview.abort();
  change = {};
  tried = null;
  element("timeline").classList.remove("trying");
  if (camera !== null) showSettings(camera);
  element("effect").textContent = said;
  showFrames();
}

/** @param {Camera} shown */
function showSettings({ config }) {
  showTuning(config);
  region.show(config.region);
  showButtons();
}

function showButtons() {
  elementAs("save", HTMLButtonElement).disabled = !hasChange();
  elementAs("undo", HTMLButtonElement).disabled = !hasChange();
}

function hasChange() {
  return Object.keys(change).length > 0;
}

/**
 * The part of a change that differs from what is.
 * @param {Partial<Tuning>} changed
 * @param {Tuning} config
 * @returns {Partial<Tuning>}
 */
function withoutSame(changed, config) {
  const known = new Map(Object.entries(config));
  return Object.fromEntries(
    Object.entries(changed).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(known.get(name)),
    ),
  );
}

/** Does something and tells when it fails. @param {() => Promise<void>} work */
async function attempt(work) {
  const banner = element("banner");
  try {
    await work();
    banner.hidden = true;
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    banner.textContent = `${error.title}. ${error.message}`;
    banner.hidden = false;
  }
}

/** @param {string} text */
function say(text) {
  element("announcement").textContent = text;
}
