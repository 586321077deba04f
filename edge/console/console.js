import { askFrom, classify, ConsoleError } from "./api.js";
import { element, elementAs } from "./elements.js";
import { listenToKeyForm } from "./key.js";
import { createLive } from "./live-control.js";
import { answerers, manifestOf } from "./models.js";
import { showAnswerers } from "./models-view.js";
import { showHistory, showPhoto } from "./photo-view.js";
import { serverRate } from "./server-rate.js";
import { served } from "./served.js";
import { showAnswer, markThresholds, showServed } from "./view.js";

/** @typedef {import("./photo-view.js").Photo} Photo */

/** Photos kept in the tab; older ones free their memory. */
const historyLength = 8;

/** How often a visible page asks which version serves. */
const readinessIntervalMs = 15_000;

/** @type {Photo[]} */
let history = [];
/** @type {Photo | undefined} */
let shown;
/** Cancels the request under way when another photo is chosen. */
let underWay = new AbortController();
/** Name of who is asked, empty for what serves where nothing is named. */
let chosen = "";

/**
 * Shows the file and asks the server about it.
 * @param {File} file
 */
async function open(file) {
  live.stop();
  show({ file, url: URL.createObjectURL(file), answer: undefined });
  await ask();
}

/**
 * Puts a photo in view, in place of the one before, which frees its memory unless the history has it.
 * @param {Photo} photo
 */
function show(photo) {
  underWay.abort();
  if (shown && shown !== photo && !history.includes(shown)) URL.revokeObjectURL(shown.url);
  shown = photo;
  showPhoto(photo);
  showHistory(history, photo, revisit);
}

/** Asks the server about the photo in view. */
async function ask() {
  if (!shown || live.isRunning()) return;
  const photo = shown;
  underWay = new AbortController();
  const { signal } = underWay;
  showAnswer({ kind: "busy" });
  try {
    const answer = await answerOf(photo.file, signal);
    if (signal.aborted) return;
    photo.answer = answer;
    remember(photo);
    showAnswer({ kind: "answered", photo, answer });
    void markAll(photo);
  } catch (error) {
    if (signal.aborted) return;
    fail(error);
  }
  await refreshServed();
}

/**
 * Asks with the map of the top class where the visitor wants it and the model has one.
 * @param {File} file
 * @param {AbortSignal} signal
 */
async function answerOf(file, signal) {
  const box = elementAs("explain", HTMLInputElement);
  const note = element("explain-note");
  note.textContent = "";
  try {
    return await classify(file, signal, box.checked);
  } catch (error) {
    if (!box.checked || !(error instanceof ConsoleError) || error.code !== "invalid_argument") throw error;
    const answer = await classify(file, signal);
    note.textContent = "This model has no such map.";
    return answer;
  }
}

/**
 * Marks the thresholds of all classes, once the version's manifest is there.
 * @param {Photo} photo
 */
async function markAll({ answer }) {
  if (!answer) return;
  const { model, version } = answer.classification;
  const manifest = await manifestOf(model, version);
  if (manifest && shown?.answer === answer) markThresholds(new Map(manifest.thresholds.entries()));
}

/** @param {unknown} error */
function fail(error) {
  showAnswer({ kind: "failed", error: asConsoleError(error) });
}

/**
 * Keeps a frame that was answered as a photo.
 * @param {Photo} frame
 */
function keep(frame) {
  const photo = { ...frame, url: URL.createObjectURL(frame.file) };
  show(photo);
  if (!photo.answer) return;
  remember(photo);
  showAnswer({ kind: "answered", photo, answer: photo.answer });
  void markAll(photo);
}

/** @param {Photo} photo */
function remember(photo) {
  const kept = [photo, ...history.filter((other) => other !== photo)];
  for (const dropped of kept.splice(historyLength)) URL.revokeObjectURL(dropped.url);
  history = kept;
  showHistory(history, photo, revisit);
}

/**
 * Shows an earlier answer again, without asking the server again.
 * @param {Photo} photo
 */
function revisit(photo) {
  if (!photo.answer) return;
  live.stop();
  show(photo);
  showAnswer({ kind: "answered", photo, answer: photo.answer });
  void markAll(photo);
}

/** Asks which version serves, and shows it. */
async function refreshServed() {
  showServed(await served());
}

/** Asks who can be asked, and shows them. */
async function refreshAnswerers() {
  try {
    showAnswerers(await answerers(), chosen, choose);
    element("server-rate").textContent = await serverRate();
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    // the top of the page says so already
  }
}

/**
 * Asks another model, alias or version from now on, at once about the photo in view.
 * @param {import("./models.js").Answerer | undefined} answerer what serves where nothing is named, where there is none
 */
function choose(answerer) {
  chosen = answerer?.name ?? "";
  askFrom(answerer?.target ?? {});
  void ask();
}

/**
 * A failure as the page tells it; what is not ours is a mistake in this page.
 * @param {unknown} error
 */
function asConsoleError(error) {
  if (error instanceof ConsoleError) return error;
  return new ConsoleError("This page failed", String(error), {
    advice: "Reload it and try again.",
    cause: error,
  });
}

/**
 * Opens the first of the files a visitor gave, if any.
 * @param {FileList | null | undefined} files
 */
function openFirst(files) {
  const file = files?.[0];
  if (file) void open(file);
}

/**
 * Joins a button to its hidden file input. The input is emptied, so that the same photo can be chosen twice.
 * @param {string} buttonId
 * @param {string} inputId
 */
function listenToChooser(buttonId, inputId) {
  const input = elementAs(inputId, HTMLInputElement);
  element(buttonId).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    openFirst(input.files);
    input.value = "";
  });
}

/** Takes a drop anywhere on the page: one that misses the frame must not replace the page by the photo. */
function listenToDrop() {
  const { dataset } = element("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    dataset["over"] = "true";
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) dataset["over"] = "false";
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    dataset["over"] = "false";
    openFirst(event.dataTransfer?.files);
  });
}

/**
 * Copies the text of one element; where the clipboard is closed to us (plain HTTP), selects it for the visitor.
 * @param {string} buttonId
 * @param {string} sourceId
 */
function listenToCopy(buttonId, sourceId) {
  const button = element(buttonId);
  button.addEventListener("click", async () => {
    const source = element(sourceId);
    try {
      await navigator.clipboard.writeText(source.textContent ?? "");
      button.textContent = "Copied";
    } catch {
      window.getSelection()?.selectAllChildren(source);
      button.textContent = "Selected: copy it now";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

function refreshIfSeen() {
  if (document.visibilityState !== "visible") return;
  void refreshServed();
  void refreshAnswerers();
}

/** Follows which version serves, while anybody looks. */
function listenToServer() {
  window.addEventListener("online", refreshIfSeen);
  window.addEventListener("offline", refreshIfSeen);
  document.addEventListener("visibilitychange", refreshIfSeen);
  setInterval(refreshIfSeen, readinessIntervalMs);
  refreshIfSeen();
}

const live = createLive({ ask: answerOf, fail, begin: () => underWay.abort(), keep });

listenToKeyForm(elementAs("key-form", HTMLFormElement), () => {
  void ask();
  refreshIfSeen();
});
listenToChooser("choose", "choose-file");
listenToChooser("take", "take-file");
element("drop").addEventListener("click", () => element("choose-file").click());
document.addEventListener("paste", (event) => openFirst(event.clipboardData?.files));
listenToDrop();
element("retry").addEventListener("click", () => void ask());
listenToCopy("copy-curl", "curl");
listenToCopy("copy-json", "json");
element("explain").addEventListener("change", () => void ask());
listenToServer();
