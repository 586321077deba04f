import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { confusionCells, type ConfusionCells, pairKey } from "./confusion-cells.ts";
import { html, Markup } from "./html.ts";
import type { ReportFacts } from "./report-facts.ts";

/** The confusion matrix; every cell opens its images. */
export function confusionSection({ evaluation, mostItems }: ReportFacts): Markup {
  const cells = confusionCells(evaluation);
  return html`<h2 id="confusions">Confusions</h2>
    <p>
      Rows are what the images show, columns what the bundle answered. Choose a cell to see its images: up to
      ${mostItems.aCell} of each, the surest mistakes first, ${mostItems.all} in all.
    </p>
    ${cells.kind === "matrix" ? matrix(evaluation) : pairs(evaluation, cells)}
    <div id="confusion-images" aria-live="polite"></div>`;
}

function matrix({ labels, confusions, perClass }: Evaluation): Markup {
  const counts = new Map(
    confusions.map(([actual, predicted, images]) => [pairKey(actual, predicted), images]),
  );
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
            ${labels.map((_, predicted) => {
              const images = counts.get(pairKey(actual, predicted)) ?? 0;
              const share = images / Math.max(1, perClass[actual]?.images ?? 0);
              return html`<td>${pairButton(labels, actual, predicted, images, share)}</td>`;
            })}
          </tr>`,
      )}
    </table>
  </div>`;
}

function pairs({ labels }: Evaluation, { own, rest }: ConfusionCells): Markup {
  return html`<div class="scroll">
    <table class="matrix">
      <tr>
        <th>shows</th>
        <th>answered</th>
        <th>images</th>
      </tr>
      ${own.map(
        ([actual, predicted, images]) =>
          html`<tr>
            <th>${labels[actual] ?? ""}</th>
            <th>${labels[predicted] ?? ""}</th>
            <td>${pairButton(labels, actual, predicted, images, 1)}</td>
          </tr>`,
      )}
      ${rest.map(
        ({ key, name, images }) =>
          html`<tr>
            <th>${name}</th>
            <th></th>
            <td>${button({ key, images, name, said: `${images}: ${name}`, share: 0, look: "" })}</td>
          </tr>`,
      )}
    </table>
  </div>`;
}

function pairButton(
  labels: readonly string[],
  actual: number,
  predicted: number,
  images: number,
  share: number,
): Markup {
  const [shows, answered] = [labels[actual] ?? "", labels[predicted] ?? ""];
  return button({
    key: pairKey(actual, predicted),
    images,
    name: actual === predicted ? `${shows}, recognised` : `${shows} taken for ${answered}`,
    said: `${images} of ${shows} answered ${answered}`,
    share,
    look: [actual === predicted ? "" : "wrong", share > 0.55 ? "dark" : ""].join(" ").trim(),
  });
}

function button(cell: {
  readonly key: string;
  readonly images: number;
  /** Heads its images. */
  readonly name: string;
  readonly said: string;
  /** Of its row, 0-1. */
  readonly share: number;
  readonly look: string;
}): Markup {
  return html`<button
    type="button"
    class="${cell.look}"
    data-cell="${cell.key}"
    data-images="${cell.images}"
    data-name="${cell.name}"
    aria-pressed="false"
    aria-label="${cell.said}"
    title="${cell.said}"
    style="--share: ${cell.share.toFixed(3)}"
    ${new Markup(cell.images === 0 ? "disabled" : "")}
  >
    ${cell.images}
  </button>`;
}
