// Draws one chart; shared by the scripts of a page, which are no modules as a page from disk may load none.
// @ts-check
"use strict";

/** @param {string} name @returns {string} */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} x
 * @property {string} y
 * @property {(number | null)[][]} data the first row is x
 * @property {{ label: string, colour: string, dash?: number[], bars?: boolean, points?: boolean }[]} series
 * @property {[number, number]} [xRange]
 * @property {[number, number]} [yRange]
 */

/** @param {HTMLElement} host @param {Chart} chart */
// oxlint-disable-next-line no-unused-vars -- called by the script that follows in the page
function draw(host, chart) {
  const frame = document.createElement("div");
  frame.className = "chart";
  const heading = document.createElement("h3");
  heading.textContent = chart.title;
  frame.append(heading);
  host.append(frame);
  const axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  /** @type {uPlot.Options} */
  const options = {
    width: width(),
    height: 230,
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false, ...(chart.xRange === undefined ? {} : { range: chart.xRange }) },
      y: chart.yRange === undefined ? {} : { range: chart.yRange },
    },
    axes: [
      { ...axis, label: chart.x, labelSize: 22, size: 34 },
      { ...axis, label: chart.y, labelSize: 22, size: 52 },
    ],
    series: [
      { label: chart.x, value: (_, value) => (value === null ? "-" : short(value)) },
      ...chart.series.map((series) => ({
        label: series.label,
        stroke: series.colour,
        width: 2,
        ...(series.dash === undefined ? {} : { dash: series.dash }),
        ...(series.bars === true
          ? {
              paths: uPlot.paths.bars?.({ size: [0.9] }),
              fill: `${series.colour}55`,
              points: { show: false },
            }
          : { points: { show: series.points === true } }),
        value: (/** @type {uPlot} */ _, /** @type {number | null} */ value) =>
          value === null ? "-" : short(value),
      })),
    ],
  };
  const [x = [], ...rows] = chart.data;
  const plot = new uPlot(options, [x.map(Number), ...rows], frame);
  new ResizeObserver(() => plot.setSize({ width: width(), height: 230 })).observe(frame);

  function width() {
    return Math.max(200, frame.clientWidth - 20);
  }
}

/** @param {number} value @returns {string} */
function short(value) {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3);
}
