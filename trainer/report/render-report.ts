import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describeTarget } from "../evaluation/describe-evaluation.ts";
import { confusionSection } from "./confusion-section.ts";
import { datasheet, modelCard } from "./describe-data.ts";
import {
  classTable,
  crossValidationNote,
  keyFacts,
  percentText,
  precisionTable,
  sliceTable,
  unknownSection,
} from "./describe-results.ts";
import { html, Markup, scriptJson } from "./html.ts";
import { renderPage } from "./page.ts";
import { pageData } from "./page-data.ts";
import type { ReportFacts, TopLoss } from "./report-facts.ts";

const sections = [
  ["training", "Training"],
  ["classes", "Classes"],
  ["confusions", "Confusions"],
  ["losses", "Hardest images"],
  ["calibration", "Calibration and thresholds"],
  ["unknown", "Unknown"],
  ["slices", "Slices"],
  ["robustness", "Robustness"],
  ["precisions", "Precisions"],
  ["duplicates", "Near-duplicates"],
  ["card", "Model card"],
  ["data", "Datasheet"],
] as const;

/** The report as one page that opens from disk and needs nothing else. */
export async function renderReport(facts: ReportFacts): Promise<Uint8Array> {
  const { manifest } = facts;
  const require = createRequire(import.meta.url);
  const title = `${manifest.model} ${manifest.version}`;
  return renderPage({
    title: `Report on ${title}`,
    styles: [
      await readFile(require.resolve("uplot/dist/uPlot.min.css"), "utf8"),
      await readFile(new URL("page/report.css", import.meta.url), "utf8"),
    ],
    body: html`<h1>${title}</h1>
      <p class="soft">${manifest.intendedUse}. Run ${manifest.provenance.runId}, ${manifest.createdAt}.</p>
      <p class="private">
        This page holds photos of the dataset: share it only with those who may see them. Not a medical
        device.
      </p>
      ${keyFacts(facts)} ${crossValidationNote(facts)}
      <nav class="contents" aria-label="Sections">
        ${sections
          .filter(([id]) => id !== "slices" || facts.slices.length > 0)
          .map(([id, name]) => html`<a href="#${id}">${name}</a>`)}
      </nav>
      ${trainingSection(facts)} ${classTable(facts)} ${curveSection(facts)} ${confusionSection(facts)}
      ${lossSection(facts)} ${calibrationSection(facts)} ${unknownSection(facts)} ${sliceTable(facts)}
      ${robustnessSection(facts)} ${precisionTable(facts)} ${duplicateSection(facts)} ${modelCard(facts)}
      ${datasheet(facts)}
      <script type="application/json" id="report-data">
        ${scriptJson(pageData(facts))}
      </script>`,
    scripts: [
      new Markup(await readFile(require.resolve("uplot/dist/uPlot.iife.min.js"), "utf8")),
      new Markup(await readFile(new URL("page/charts.js", import.meta.url), "utf8")),
      new Markup(await readFile(new URL("page/report.js", import.meta.url), "utf8")),
    ],
  });
}

function trainingSection({ epochs }: ReportFacts): Markup {
  return html`<h2 id="training">Training</h2>
    ${
      epochs.length === 0
        ? html`<p>A head was fitted to the features of a known net, which has no epochs to draw.</p>`
        : html`<div class="charts" id="training-charts"></div>`
    }`;
}

function curveSection({ curves }: ReportFacts): Markup {
  return html`<h3>ROC, and precision against recall</h3>
    <div class="explorer">
      <label
        >Class
        <select id="curve-class">
          ${curves.map(({ label }) => html`<option>${label}</option>`)}
        </select></label
      >
    </div>
    <div class="charts" id="curve-charts"></div>`;
}

function lossSection({ topLosses, manifest }: ReportFacts): Markup {
  const hasOverlay = topLosses.some(({ overlay }) => overlay !== null);
  return html`<h2 id="losses">Hardest images</h2>
    <p>
      Those whose class got the least probability, as the model saw
      them${hasOverlay && ", and with the evidence for its answer in red (class-activation map)"}. A wrong
      label shows up here too.
    </p>
    <div class="pictures">${topLosses.map((loss) => describeLoss(loss, manifest.labels))}</div>`;
}

function describeLoss({ answer, seen, overlay }: TopLoss, labels: readonly string[]): Markup {
  return html`<figure class="pair">
    <div>
      <img src="${seen}" alt="${answer.path}" decoding="async" />
      ${overlay !== null && html`<img src="${overlay}" alt="evidence for ${labels[answer.predicted] ?? ""}" decoding="async" />`}
    </div>
    <figcaption>
      ${labels[answer.actual] ?? ""} got ${percentText(answer.actualProbability)}; answered
      ${labels[answer.predicted] ?? ""} with ${percentText(answer.probability)}<span class="path"
        >${answer.path}</span
      >
    </figcaption>
  </figure>`;
}

function calibrationSection({ evaluation, manifest }: ReportFacts): Markup {
  return html`<h2 id="calibration">Calibration and thresholds</h2>
    <p>
      Temperature ${evaluation.temperature.toFixed(3)}; expected calibration error
      ${evaluation.expectedCalibrationError.toFixed(3)}, negative log-likelihood
      ${evaluation.negativeLogLikelihood.toFixed(3)} nats, Brier score ${evaluation.brierScore.toFixed(3)}.
    </p>
    ${evaluation.precisionTarget !== undefined && html`<p>${describeTarget(evaluation.precisionTarget)}.</p>`}
    <div class="charts" id="calibration-charts"></div>
    <h3>What a threshold would give</h3>
    <div class="explorer">
      <label
        >Answers naming
        <select id="threshold-class">
          <option>any class</option>
          ${manifest.labels.slice(0, 500).map((label) => html`<option>${label}</option>`)}
        </select></label
      >
      <label
        >Threshold
        <input
          type="range"
          id="threshold"
          min="0"
          max="1000"
          value="${Math.round(1000 * (manifest.thresholds[0] ?? 0))}"
      /></label>
      <output id="threshold-told" for="threshold threshold-class"></output>
    </div>`;
}

function robustnessSection({ robustness }: ReportFacts): Markup {
  if (robustness === null)
    return html`<h2 id="robustness">Robustness</h2>
      <p>Not measured.</p>`;
  return html`<h2 id="robustness">Robustness</h2>
    <p>
      Top-1 on ${robustness.clean.images} test images that were spoilt at the model's size; unspoilt
      ${percentText(robustness.clean.share)}. Dotted lines are the 95 % interval.
    </p>
    <div class="charts" id="robustness-charts"></div>`;
}

function duplicateSection({ duplicates }: ReportFacts): Markup {
  return html`<h2 id="duplicates">Near-duplicates in the dataset</h2>
    ${duplicates.length === 0 && html`<p>None were found.</p>`}
    ${duplicates.map(
      ({ images }) =>
        html`<div class="group">
          ${images.map(
            ({ path, label, split, picture }) =>
              html`<figure>
                ${picture === null ? html`<div class="none">no picture</div>` : html`<img data-picture="${picture}" alt="${path}" decoding="async" />`}
                <figcaption>${label}, ${split}<span class="path">${path}</span></figcaption>
              </figure>`,
          )}
        </div>`,
    )}`;
}
