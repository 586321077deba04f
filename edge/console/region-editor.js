import { elementAs } from "./elements.js";

/** @typedef {import("./camera-api.js").Region} Region */

/** Sides that the inputs are for, and least and largest value of each, in percent. */
const sides = /** @type {const} */ (["left", "top", "width", "height"]);
/** As the server takes it. */
const smallest = 0.05;
/** Of the frame, for one press of a key. */
const keyStep = 0.02;
const wholeFrame = Object.freeze({ left: 0, top: 0, width: 1, height: 1 });

/**
 * Lets a person draw the region of interest on a picture: with mouse or finger, by arrow keys on the picture (with
 * Shift they resize), or by numbers.
 * @param {HTMLElement} stage holds the picture and the element `region`
 * @param {(region: Region | null) => void} onChange `null` for the whole frame
 */
export function createRegionEditor(stage, onChange) {
  const frame = elementAs("region", HTMLElement);
  const inputs = sides.map((side) => elementAs(`region-${side}`, HTMLInputElement));
  /** @type {Region | null} */
  let region = null;

  /** @param {Region | null} next */
  function show(next) {
    region = next;
    const { left, top, width, height } = next ?? wholeFrame;
    frame.hidden = next === null;
    frame.style.left = percent(left);
    frame.style.top = percent(top);
    frame.style.width = percent(width);
    frame.style.height = percent(height);
    for (const [i, side] of sides.entries()) {
      const input = inputs[i];
      if (input !== undefined) input.value = String(Math.round((next ?? wholeFrame)[side] * 100));
    }
  }

  /** @param {Region} drawn */
  function change(drawn) {
    const next = within(drawn);
    const isWhole = sides.every((side) => Math.abs(next[side] - wholeFrame[side]) < 0.005);
    show(isWhole ? null : next);
    onChange(region);
  }

  drawByPointer(stage, change);
  stage.addEventListener("keydown", (event) => {
    const moved = movedByKey(region ?? wholeFrame, event);
    if (moved === null) return;
    event.preventDefault();
    change(moved);
  });
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const [left = 0, top = 0, width = 1, height = 1] = inputs.map(({ value }) => Number(value) / 100);
      change({ left, top, width, height });
    });
    // else Enter would save what nobody has seen the effect of
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      input.blur();
      input.focus();
    });
  }
  elementAs("region-whole", HTMLButtonElement).addEventListener("click", () => change(wholeFrame));
  return { show };
}

/**
 * @param {HTMLElement} stage
 * @param {(region: Region) => void} onDraw
 */
function drawByPointer(stage, onDraw) {
  /** @type {{ x: number, y: number } | null} */
  let from = null;
  /** @param {PointerEvent} event */
  const pointOf = ({ clientX, clientY }) => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { x: clamp((clientX - left) / width), y: clamp((clientY - top) / height) };
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = pointOf(event);
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const to = pointOf(event);
    const width = Math.abs(to.x - from.x);
    const height = Math.abs(to.y - from.y);
    // a click is no region
    if (width < smallest || height < smallest) return;
    onDraw({ left: Math.min(from.x, to.x), top: Math.min(from.y, to.y), width, height });
  });
  for (const type of ["pointerup", "pointercancel"])
    stage.addEventListener(type, () => {
      from = null;
    });
}

/**
 * @param {Region} region
 * @param {KeyboardEvent} event
 * @returns {Region | null} `null` for any other key
 */
function movedByKey({ left, top, width, height }, { key, shiftKey, ctrlKey, metaKey, altKey }) {
  const x = { ArrowLeft: -keyStep, ArrowRight: keyStep }[key] ?? 0;
  const y = { ArrowUp: -keyStep, ArrowDown: keyStep }[key] ?? 0;
  if ((x === 0 && y === 0) || ctrlKey || metaKey || altKey) return null;
  if (shiftKey) return { left, top, width: width + x, height: height + y };
  return {
    left: Math.min(left + x, 1 - width),
    top: Math.min(top + y, 1 - height),
    width,
    height,
  };
}

/** The nearest region that lies in the frame, to a thousandth. @param {Region} region @returns {Region} */
function within(region) {
  const left = Math.min(clamp(region.left), 1 - smallest);
  const top = Math.min(clamp(region.top), 1 - smallest);
  return {
    left: rounded(left),
    top: rounded(top),
    width: rounded(Math.min(Math.max(region.width, smallest), 1 - left)),
    height: rounded(Math.min(Math.max(region.height, smallest), 1 - top)),
  };
}

/** @param {number} value */
function clamp(value) {
  return Math.min(1, Math.max(0, value));
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 1000) / 1000;
}

/** @param {number} share */
function percent(share) {
  return `${share * 100}%`;
}
