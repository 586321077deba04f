/** @typedef {import("./camera-api.js").Frame} Frame */

const svgNamespace = "http://www.w3.org/2000/svg";
const rowHeight = 16;
/** Frames that the server remembers, and those that the whole width is for at least. */
const mostFrames = 120;
const fewestColumns = 40;
/** Colours of labels; more labels begin again. */
const colours = 6;

/**
 * Draws the last frames, one column each, the newest at the right: what each voted for, the more solid the surer, and
 * the state that followed.
 * @param {HTMLElement} place holds the drawing
 * @param {readonly Frame[]} frames the oldest first
 * @param {readonly Frame[] | null} tried the same frames with a change, for rows of their own
 * @param {(label: string) => number} colourOf
 */
export function drawTimeline(place, frames, tried, colourOf) {
  const shown = frames.slice(-mostFrames);
  const byTime = new Map((tried ?? []).map((frame) => [frame.at, frame]));
  const rows = tried === null ? 2 : 4;
  const svg = place.querySelector("svg");
  if (svg === null) throw new Error("the place of the timeline has no drawing");
  const columns = Math.max(fewestColumns, shown.length);
  svg.setAttribute("viewBox", `0 0 ${columns} ${rows * (rowHeight + 2) - 2}`);
  const first = columns - shown.length;
  const cells = shown.flatMap((frame, i) => {
    const other = byTime.get(frame.at);
    return [
      ...cellsOf(frame, first + i, 0, colourOf),
      ...(tried === null || other === undefined ? [] : cellsOf(other, first + i, 2, colourOf)),
    ];
  });
  svg.replaceChildren(...cells);
  svg.setAttribute("aria-label", describe(shown, tried));
}

/**
 * Which of the colours a label has, by the order in which labels were seen.
 * @returns {(label: string) => number}
 */
export function createColours() {
  /** @type {Map<string, number>} */
  const known = new Map();
  return (label) => {
    const colour = known.get(label) ?? known.size % colours;
    known.set(label, colour);
    return colour;
  };
}

/** How often the state changed among frames. @param {readonly Frame[]} frames the oldest first @returns e.g. `1 change` */
export function changesText(frames) {
  let changes = 0;
  /** @type {string | null} */
  let last = null;
  for (const { state } of frames) {
    if (state !== null && last !== null && state !== last) changes++;
    last = state ?? last;
  }
  return changes === 1 ? "1 change" : `${changes} changes`;
}

/**
 * @param {Frame} frame @param {number} column @param {number} row of the vote; the state's is below it
 * @param {(label: string) => number} colourOf
 */
function cellsOf({ vote, probability, state, verdict }, column, row, colourOf) {
  const isCounted = vote !== null && verdict === "counted";
  return [
    cell(column, row, isCounted ? colourOf(vote) : null, Math.max(0.15, probability ** 2)),
    cell(column, row + 1, state === null ? null : colourOf(state), 1),
  ];
}

/** @param {number} column @param {number} row @param {number | null} colour @param {number} opacity */
function cell(column, row, colour, opacity) {
  const made = document.createElementNS(svgNamespace, "rect");
  made.setAttribute("x", String(column));
  made.setAttribute("y", String(row * (rowHeight + 2)));
  made.setAttribute("width", "1");
  made.setAttribute("height", String(rowHeight));
  made.setAttribute("class", colour === null ? "colour-none" : `colour-${colour}`);
  if (colour !== null) made.setAttribute("opacity", opacity.toFixed(2));
  return made;
}

/** @param {readonly Frame[]} frames @param {readonly Frame[] | null} tried */
function describe(frames, tried) {
  const now = `The last ${frames.length} frames: ${changesText(frames)} of the state`;
  return tried === null ? `${now}.` : `${now}, ${changesText(tried)} with these settings.`;
}
