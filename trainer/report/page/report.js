// Draws the charts of a report and answers its explorers. Runs in the page, on the data that stands in it.
// @ts-check
"use strict";

/**
 * @typedef {object} Item
 * @property {string} c cell of the confusions
 * @property {number} a actual class
 * @property {number} p predicted class
 * @property {number} q probability of the predicted class
 * @property {number} t picture
 * @property {string} n path
 */
/**
 * @typedef {object} ReportData
 * @property {string[]} labels
 * @property {Item[]} items
 * @property {[number, number, number, number][]} answers class, thousandth of its probability, right, wrong
 * @property {string[]} pictures
 * @property {{ epoch: number[], trainLoss: number[], validationLoss: number[], accuracy: number[], learningRate: number[] } | null} epochs
 * @property {{ middle: number[], accuracy: (number | null)[], confidence: (number | null)[], images: number[] }} bins
 * @property {{ coverage: number[], accuracy: number[] }} coverage
 * @property {{ label: string, falsePositiveRate: number[], recall: number[], precision: number[] }[]} curves
 * @property {{ clean: number, sweeps: { name: string, unit: string, level: number[], share: number[], low: number[], high: number[] }[] } | null} robustness
 */

/** @type {ReportData} */
const report = JSON.parse(byId("report-data").textContent ?? "{}");

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

/** @param {number} share @returns {string} */
function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function drawTraining() {
  const { epochs } = report;
  if (epochs === null) return;
  const host = byId("training-charts");
  const x = "epoch";
  draw(host, {
    title: "Loss",
    x,
    y: "nats",
    data: [epochs.epoch, epochs.trainLoss, epochs.validationLoss],
    series: [
      { label: "train", colour: colour("--soft") },
      { label: "validation", colour: colour("--accent") },
    ],
  });
  draw(host, {
    title: "Validation accuracy",
    x,
    y: "top-1",
    data: [epochs.epoch, epochs.accuracy],
    series: [{ label: "validation", colour: colour("--accent") }],
  });
  draw(host, {
    title: "Learning rate",
    x,
    y: "rate",
    data: [epochs.epoch, epochs.learningRate],
    series: [{ label: "rate", colour: colour("--warn") }],
  });
}

function drawCalibration() {
  const host = byId("calibration-charts");
  const { bins, coverage } = report;
  draw(host, {
    title: "Reliability: how often answers of a confidence are right",
    x: "confidence",
    y: "share right",
    xRange: [0, 1],
    yRange: [0, 1],
    data: [bins.middle, bins.accuracy, bins.middle],
    series: [
      { label: "right", colour: colour("--accent"), bars: true },
      { label: "perfect", colour: colour("--soft"), dash: [6, 4] },
    ],
  });
  draw(host, {
    title: "How many answers of a confidence there are",
    x: "confidence",
    y: "images",
    xRange: [0, 1],
    data: [bins.middle, bins.images],
    series: [{ label: "images", colour: colour("--warn"), bars: true }],
  });
  draw(host, {
    title: "Accuracy when only the surest are answered",
    x: "share answered",
    y: "share right",
    xRange: [0, 1],
    data: [coverage.coverage, coverage.accuracy],
    series: [{ label: "right", colour: colour("--accent"), points: coverage.coverage.length < 30 }],
  });
}

function drawRobustness() {
  const { robustness } = report;
  if (robustness === null) return;
  const host = byId("robustness-charts");
  for (const sweep of robustness.sweeps) {
    const order = sweep.level
      .map((_, i) => i)
      .toSorted((a, b) => (sweep.level[a] ?? 0) - (sweep.level[b] ?? 0));
    const sorted = (/** @type {number[]} */ values) => order.map((i) => values[i] ?? null);
    draw(host, {
      title: sweep.name,
      x: sweep.unit,
      y: "top-1",
      yRange: [0, 1],
      data: [
        sorted(sweep.level),
        sorted(sweep.share),
        sorted(sweep.low),
        sorted(sweep.high),
        order.map(() => robustness.clean),
      ],
      series: [
        { label: "top-1", colour: colour("--accent"), points: true },
        { label: "low", colour: colour("--soft"), dash: [2, 4] },
        { label: "high", colour: colour("--soft"), dash: [2, 4] },
        { label: "unspoilt", colour: colour("--warn"), dash: [6, 4] },
      ],
    });
  }
}

function followClassCurves() {
  const select = byId("curve-class");
  const host = byId("curve-charts");
  if (!(select instanceof HTMLSelectElement)) return;
  const show = () => {
    const curve = report.curves[select.selectedIndex];
    host.replaceChildren();
    if (curve === undefined) return;
    draw(host, {
      title: `ROC of ${curve.label} against the rest`,
      x: "false positive rate",
      y: "recall",
      xRange: [0, 1],
      yRange: [0, 1],
      data: [curve.falsePositiveRate, curve.recall],
      series: [{ label: "recall", colour: colour("--accent") }],
    });
    draw(host, {
      title: `Precision and recall of ${curve.label}`,
      x: "recall",
      y: "precision",
      xRange: [0, 1],
      yRange: [0, 1],
      data: [curve.recall, curve.precision],
      series: [{ label: "precision", colour: colour("--accent") }],
    });
  };
  select.addEventListener("change", show);
  show();
}

function followThreshold() {
  const slider = byId("threshold");
  const select = byId("threshold-class");
  const told = byId("threshold-told");
  if (!(slider instanceof HTMLInputElement) || !(select instanceof HTMLSelectElement)) return;
  const show = () => {
    const threshold = Number(slider.value) / 1000;
    const wanted = select.selectedIndex - 1;
    const all = report.answers.filter(([predicted]) => wanted < 0 || predicted === wanted);
    const given = all.filter(([, thousandth]) => thousandth >= Number(slider.value));
    const withheld = count(all, 2) - count(given, 2);
    const [right, wrong] = [count(given, 2), count(given, 3)];
    const answered = right + wrong;
    const total = count(all, 2) + count(all, 3);
    const share = total === 0 ? 0 : answered / total;
    told.textContent =
      `From ${threshold.toFixed(3)} on: ${answered} of ${total} answers are given (${percent(share)}), ` +
      `${right} of them right (${answered === 0 ? "-" : percent(right / answered)}), ` +
      `${wrong} wrong; ${withheld} right ones are withheld.`;
  };
  slider.addEventListener("input", show);
  select.addEventListener("change", show);
  show();
}

/** @param {ReportData["answers"]} answers @param {2 | 3} kind right or wrong ones @returns {number} */
function count(answers, kind) {
  return answers.reduce((sum, answer) => sum + answer[kind], 0);
}

/** A picture that several sections show is in the page once. */
function showPictures() {
  for (const image of document.querySelectorAll("img[data-picture]")) {
    if (image instanceof HTMLImageElement)
      image.src = report.pictures[Number(image.dataset["picture"])] ?? "";
  }
}

function followConfusions() {
  const panel = byId("confusion-images");
  for (const button of document.querySelectorAll("button[data-cell]")) {
    button.addEventListener("click", () => {
      for (const other of document.querySelectorAll("button[data-cell]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
      showImages(
        panel,
        button.getAttribute("data-cell") ?? "",
        Number(button.getAttribute("data-images")),
        button.getAttribute("data-name") ?? "",
      );
    });
  }
}

/** @param {HTMLElement} panel @param {string} cell @param {number} images all of them @param {string} what */
function showImages(panel, cell, images, what) {
  const items = report.items.filter((item) => item.c === cell).toSorted((one, other) => other.q - one.q);
  const heading = document.createElement("h3");
  const isMistake = items[0]?.a !== items[0]?.p;
  const shown = `${items.length} of ${images} images shown${isMistake ? ", the surest mistakes" : ""}`;
  heading.textContent = `${what}: ${items.length < images ? shown : `${images} images`}`;
  const isMixed = !cell.includes(",");
  const pictures = document.createElement("div");
  pictures.className = "pictures";
  for (const item of items) {
    const figure = document.createElement("figure");
    const image = document.createElement("img");
    image.src = report.pictures[item.t] ?? "";
    image.alt = item.n;
    const caption = document.createElement("figcaption");
    const path = document.createElement("span");
    path.className = "path";
    path.textContent = item.n;
    const classes =
      item.a === item.p
        ? report.labels[item.a]
        : `${report.labels[item.a]}, answered ${report.labels[item.p]}`;
    caption.append(`${isMixed ? `${classes} ` : ""}${percent(item.q)}`, path);
    figure.append(image, caption);
    pictures.append(figure);
  }
  panel.replaceChildren(heading, pictures);
}

drawTraining();
drawCalibration();
drawRobustness();
followClassCurves();
followThreshold();
followConfusions();
showPictures();
