import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { html, Markup } from "./html.ts";
import type { ReportFacts } from "./report-facts.ts";

/** Larger matrices are shown as the list of their largest cells. */
const mostColumns = 30;
const mostPairs = 60;

/** The confusion matrix; every cell opens its images. */
export function confusionSection({ evaluation, items }: ReportFacts): Markup {
  const looked =
    items.length < evaluation.images
      ? `Pictures are of ${items.length} of the ${evaluation.images} test images.`
      : "Choose a cell to see its images.";
  return html`<h2 id="confusions">Confusions</h2>
    <p>Rows are what the images show, columns what the bundle answered. ${looked}</p>
    ${evaluation.labels.length <= mostColumns ? matrix(evaluation) : pairs(evaluation)}
    <div id="confusion-images" aria-live="polite"></div>`;
}

function matrix({ labels, confusions, perClass }: Evaluation): Markup {
  const counts = new Map(confusions.map(([actual, predicted, images]) => [`${actual},${predicted}`, images]));
  return html`<div class="scroll">
    <table class="matrix">
      <tr>
        <th></th>
        ${labels.map((label) => html`<th title="${label}">${label}</th>`)}
      </tr>
      ${labels.map(
        (label, actual) =>
          html`<tr>
            <th title="${label}">${label}</th>
            ${labels.map((_, predicted) =>
              cell(
                labels,
                actual,
                predicted,
                counts.get(`${actual},${predicted}`) ?? 0,
                perClass[actual]?.images ?? 0,
              ),
            )}
          </tr>`,
      )}
    </table>
  </div>`;
}

function cell(
  labels: readonly string[],
  actual: number,
  predicted: number,
  images: number,
  ofClass: number,
): Markup {
  const share = ofClass === 0 ? 0 : images / ofClass;
  const classes = [actual === predicted ? "" : "wrong", share > 0.55 ? "dark" : ""].join(" ").trim();
  const name = `${images} of ${labels[actual] ?? ""} answered ${labels[predicted] ?? ""}`;
  return html`<td>
    <button
      type="button"
      class="${classes}"
      data-cell="${actual},${predicted}"
      aria-pressed="false"
      aria-label="${name}"
      title="${name}"
      style="--share: ${share.toFixed(3)}"
      ${new Markup(images === 0 ? "disabled" : "")}
    >
      ${images}
    </button>
  </td>`;
}

function pairs({ labels, confusions }: Evaluation): Markup {
  const largest = confusions
    .filter(([actual, predicted]) => actual !== predicted)
    .toSorted(([, , a], [, , b]) => b - a)
    .slice(0, mostPairs);
  return html`<div class="scroll">
    <table class="matrix">
      <tr>
        <th>shows</th>
        <th>answered</th>
        <th>images</th>
      </tr>
      ${largest.map(
        ([actual, predicted, images]) =>
          html`<tr>
            <th>${labels[actual] ?? ""}</th>
            <th>${labels[predicted] ?? ""}</th>
            ${cell(labels, actual, predicted, images, images)}
          </tr>`,
      )}
    </table>
  </div>`;
}
