import { ConsoleError } from "./api.js";
import { element, elementAs } from "./elements.js";
import { createRate, watchCamera } from "./live.js";
import { showCamera } from "./photo-view.js";
import { showAnswer, showRate } from "./view.js";

/** @typedef {import("./photo-view.js").Photo} Photo */
/** @typedef {import("./api.js").Answer} Answer */

/**
 * What live answers need of the page.
 * @typedef {{ ask: (file: File, signal: AbortSignal) => Promise<Answer>, fail: (error: unknown) => void,
 *   begin: () => void, keep: (photo: Photo) => void }} LiveOptions
 */

/**
 * Joins the button that classifies what the camera sees, one frame after the other, until it is pressed again. The last
 * frame is kept as a photo then.
 * @param {LiveOptions} options
 * @returns {{ stop: () => void, isRunning: () => boolean }} `stop` ends it without keeping anything
 */
export function createLive(options) {
  const button = element("live");
  /** @type {AbortController | undefined} */
  let running;
  button.hidden = !("mediaDevices" in navigator);
  button.addEventListener("click", () => {
    if (running) running.abort("kept");
    else void run();
  });

  async function run() {
    const controller = new AbortController();
    running = controller;
    button.setAttribute("aria-pressed", "true");
    options.begin();
    showCamera();
    const last = await watch(controller.signal);
    button.setAttribute("aria-pressed", "false");
    if (running === controller) running = undefined;
    if (last && controller.signal.reason !== "dropped") options.keep(last);
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Photo | undefined>} the last frame that was answered
   */
  async function watch(signal) {
    const rate = createRate();
    /** @type {Photo | undefined} */
    let last;
    try {
      await watchCamera(
        elementAs("video", HTMLVideoElement),
        async (file) => {
          const answer = await options.ask(file, signal);
          if (signal.aborted) return;
          last = { file, url: "", answer };
          showAnswer({ kind: "answered", photo: last, answer, isLive: true });
          showRate(rate.note(answer.roundTripMs));
        },
        signal,
      );
    } catch (error) {
      if (!signal.aborted) options.fail(error instanceof ConsoleError ? error : cameraError(error));
    }
    return last;
  }

  return {
    isRunning: () => running !== undefined,
    stop: () => {
      running?.abort("dropped");
      running = undefined;
    },
  };
}

/** @param {unknown} cause */
function cameraError(cause) {
  return new ConsoleError("There is no camera to look through", String(cause), {
    advice: "Allow this page to use the camera; browsers offer it on https and on localhost only.",
    cause,
  });
}
