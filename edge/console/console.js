import { classify, ConsoleError } from "./api.js";
import { listenToKeyForm } from "./key.js";
import { served } from "./served.js";
import { element, elementAs, showAnswer, showHistory, showPhoto, showServed } from "./view.js";

/** @typedef {import("./view.js").Photo} Photo */

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

/**
 * Shows the file and asks the server about it.
 * @param {File} file
 */
async function open(file) {
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
  if (!shown) return;
  const photo = shown;
  underWay = new AbortController();
  const { signal } = underWay;
  showAnswer({ kind: "busy" });
  try {
    const answer = await classify(photo.file, signal);
    if (signal.aborted) return;
    photo.answer = answer;
    remember(photo);
    showAnswer({ kind: "answered", photo, answer });
  } catch (error) {
    if (signal.aborted) return;
    showAnswer({ kind: "failed", error: asConsoleError(error) });
  }
  await refreshServed();
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
  show(photo);
  showAnswer({ kind: "answered", photo, answer: photo.answer });
}

/** Asks which version serves, and shows it. */
async function refreshServed() {
  showServed(await served());
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
  if (document.visibilityState === "visible") void refreshServed();
}

/** Follows which version serves, while anybody looks. */
function listenToServer() {
  window.addEventListener("online", refreshIfSeen);
  window.addEventListener("offline", refreshIfSeen);
  document.addEventListener("visibilitychange", refreshIfSeen);
  setInterval(refreshIfSeen, readinessIntervalMs);
  refreshIfSeen();
}

listenToKeyForm(elementAs("key-form", HTMLFormElement), () => {
  void ask();
  void refreshServed();
});
listenToChooser("choose", "choose-file");
listenToChooser("take", "take-file");
element("drop").addEventListener("click", () => element("choose-file").click());
document.addEventListener("paste", (event) => openFirst(event.clipboardData?.files));
listenToDrop();
element("retry").addEventListener("click", () => void ask());
listenToCopy("copy-curl", "curl");
listenToCopy("copy-json", "json");
listenToServer();
