import { pictureUrl } from "./camera-api.js";
import { createElement, element, elementAs } from "./elements.js";
import { formatPercent } from "./format.js";

/** @typedef {import("./camera-api.js").Frame} Frame */

const mostPictures = 8;

/** The pictures of the last frames: fetched once each, one at a time, the newest first, and let go when they are old. */
export class CameraPictures {
  #id;
  /** @type {Map<number, string>} picture to URL; empty where it is held no more */
  #urls = new Map();
  #isFetching = false;
  /** @type {readonly Frame[]} */
  #shown = [];
  /** @type {readonly Frame[] | null} */
  #tried = null;

  /** @param {string} id of the camera */
  constructor(id) {
    this.#id = id;
  }

  /** @param {readonly Frame[]} frames the oldest first @param {readonly Frame[] | null} tried the same with a change */
  show(frames, tried) {
    this.#shown = frames.filter(({ picture }) => picture !== null).slice(-mostPictures);
    this.#tried = tried;
    this.#draw();
    void this.#fetchMissing();
  }

  async #fetchMissing() {
    if (this.#isFetching) return;
    this.#isFetching = true;
    try {
      for (;;) {
        const missing = this.#shown.findLast(({ picture }) => picture !== null && !this.#urls.has(picture));
        if (missing === undefined || missing.picture === null) return;
        this.#urls.set(missing.picture, (await pictureUrl(this.#id, missing.picture)) ?? "");
        this.#draw();
      }
    } finally {
      this.#isFetching = false;
    }
  }

  #draw() {
    const wanted = new Set(this.#shown.map(({ picture }) => picture));
    for (const [picture, url] of this.#urls) {
      if (wanted.has(picture)) continue;
      URL.revokeObjectURL(url);
      this.#urls.delete(picture);
    }
    const ready = this.#shown.filter((frame) => this.#urlOf(frame) !== "");
    this.#drawLast(ready.at(-1));
    const tried = new Map((this.#tried ?? []).map((frame) => [frame.at, frame]));
    const items = ready.toReversed().map((frame) => {
      const item = createElement("li", "");
      const image = document.createElement("img");
      image.src = this.#urlOf(frame);
      image.alt = "";
      item.append(image, createElement("span", "", describe(frame, tried.get(frame.at))));
      return item;
    });
    element("strip").replaceChildren(...items);
  }

  /** @param {Frame | undefined} frame */
  #drawLast(frame) {
    const image = elementAs("picture", HTMLImageElement);
    element("no-picture").hidden = frame !== undefined;
    image.hidden = frame === undefined;
    if (frame === undefined) return;
    const url = this.#urlOf(frame);
    if (image.src !== url) image.src = url;
    image.alt = `The newest frame with a picture; it shows ${frame.vote ?? "none of the states"}`;
  }

  /** @param {Frame} frame */
  #urlOf({ picture }) {
    return picture === null ? "" : (this.#urls.get(picture) ?? "");
  }
}

/** @param {Frame} frame @param {Frame | undefined} changed */
function describe(frame, changed) {
  const before = voteOf(frame);
  const after = changed === undefined ? before : voteOf(changed);
  return before === after ? before : `${before} → ${after}`;
}

/** @param {Frame} frame */
function voteOf({ vote, probability }) {
  return vote === null ? "none" : `${vote} ${formatPercent(probability)}`;
}
