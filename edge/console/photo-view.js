import { createElement, element, elementAs } from "./elements.js";
import { formatBytes, formatPercent } from "./format.js";

/** @typedef {import("./api.js").Answer} Answer */

/**
 * A photo of this tab; `url` is an object URL, revoked when the photo leaves the history.
 * @typedef {{ file: File, url: string, answer: Answer | undefined }} Photo
 */

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
  showOverlay(photo.answer);
  element("preview-name").textContent = `${photo.file.name} · ${formatBytes(photo.file.size)}`;
  element("preview").hidden = false;
  element("prompt").hidden = true;
  element("drop").dataset["filled"] = "true";
}

/**
 * Lays the map of an answer over the photo, where it has one.
 * @param {Answer | undefined} answer
 */
export function showOverlay(answer) {
  const overlay = elementAs("overlay", HTMLImageElement);
  const { label = "", overlay: picture } = answer?.classification.explanation ?? {};
  overlay.hidden = picture === undefined;
  if (picture === undefined) return;
  overlay.src = picture;
  overlay.alt = `Where the model sees ${label}: the brighter, the more`;
}

/** Makes room for the camera's picture. */
export function showCamera() {
  elementAs("preview-image", HTMLImageElement).hidden = true;
  showOverlay(undefined);
  element("preview-name").textContent = "Camera";
  element("preview").hidden = false;
  element("prompt").hidden = true;
  element("drop").dataset["filled"] = "true";
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
