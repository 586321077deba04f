/** Longer side of a frame as it is sent: a few times what a model looks at. */
const frameSide = 480;
/** Answers over which the rate is told. */
const windowMs = 3000;

/**
 * How live answers come.
 * @typedef {{ perSecond: number, medianMs: number }} Rate
 */

/**
 * Shows the camera's picture and hands out its frames, one after the other, until it is stopped.
 * @param {HTMLVideoElement} video
 * @param {(frame: File) => Promise<void>} use the next frame is taken when it is done
 * @param {AbortSignal} signal stops it and frees the camera
 * @throws {DOMException} when there is no camera, or the visitor does not allow it
 */
export async function watchCamera(video, use, signal) {
  const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false };
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  try {
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    while (!signal.aborted) {
      const frame = await grab(video);
      if (frame && !signal.aborted) await use(frame);
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    video.hidden = true;
  }
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<File | undefined>} `undefined` before the first picture
 */
async function grab(video) {
  // a hidden page gets no pictures: waits until it is looked at again
  await new Promise((resolve) => requestAnimationFrame(resolve));
  const scale = Math.min(1, frameSide / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  if (canvas.width === 0 || canvas.height === 0) return undefined;
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  /** @type {Blob | null} */
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  return blob ? new File([blob], "frame of the camera", { type: "image/jpeg" }) : undefined;
}

/** Measures how many answers a second come, and how long they take. */
export function createRate() {
  /** @type {{ at: number, roundTripMs: number }[]} */
  let answers = [];
  const startedAt = performance.now();
  return {
    /**
     * Notes an answer.
     * @param {number} roundTripMs
     * @returns {Rate} over the last seconds
     */
    note(roundTripMs) {
      const now = performance.now();
      answers = [...answers, { at: now, roundTripMs }].filter(({ at }) => now - at < windowMs);
      const spanMs = Math.min(windowMs, now - startedAt);
      const sorted = answers.map((answer) => answer.roundTripMs).toSorted((a, b) => a - b);
      return {
        perSecond: (1000 * answers.length) / spanMs,
        medianMs: sorted[Math.floor(sorted.length / 2)] ?? roundTripMs,
      };
    },
  };
}
