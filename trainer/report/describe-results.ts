import { describeFewImages } from "../evaluation/few-images.ts";
import type { PrecisionComparison } from "../release/compare-precisions.ts";
import { html, type Markup } from "./html.ts";
import type { ReportFacts } from "./report-facts.ts";

/** A fraction as a percentage that no line break parts, e.g. `97.5 %`. */
export function percentText(share: number): string {
  return `${(100 * share).toFixed(1)}\u00A0%`;
}

/** What one wants to know first. */
export function keyFacts(facts: ReportFacts): Markup {
  const { evaluation, manifest, bundleBytes } = facts;
  const { top1 } = evaluation;
  const { milliseconds, machine } = answerTime(facts);
  const told: readonly (readonly [string, string])[] = [
    [
      percentText(top1.share),
      `top-1 on ${top1.images} test images, 95 %: ${percentText(top1.low)} to ${percentText(top1.high)}`,
    ],
    [evaluation.macro.f1.toFixed(3), "macro F1"],
    [evaluation.expectedCalibrationError.toFixed(3), "expected calibration error, 15 bins"],
    [`${(bundleBytes / 1000).toFixed(0)} KB`, `bundle, weights ${manifest.quantization.scheme}`],
    [`${timeText(milliseconds)} ms`, `an image, decoded and classified on ${machine}`],
  ];
  return html`<div class="facts">
    ${told.map(([value, meaning]) => html`<div class="fact"><b>${value}</b><span>${meaning}</span></div>`)}
  </div>`;
}

/** What training anew on parts of the images found, and how wide a test of few images is. */
export function crossValidationNote({ crossValidation: found, dataset, evaluation }: ReportFacts): Markup {
  const few = describeFewImages(dataset, evaluation.top1, found !== null);
  const { low, high } = found?.interval ?? { low: 0, high: 1 };
  return html`${
    found !== null &&
    html`<p id="cross-validation">
      ${found.folds}-fold cross-validation: ${percentText(found.top1Accuracy)} of ${found.images} images, 95
      %: ${percentText(low)} to ${percentText(high)}. Each was classified by a head that had learnt from the
      other folds
      alone${
        found.choice === "once" &&
        "; the way to learn was chosen once by all of them, which flatters a little"
      }.
    </p>`
  }${few !== null && html`<p id="few-images">${few}.</p>`}`;
}

/** Per class: precision, recall with interval, areas, and what the thresholds keep. */
export function classTable({ evaluation }: ReportFacts): Markup {
  return html`<h2 id="classes">Classes</h2>
    <p>
      Macro: precision ${evaluation.macro.precision.toFixed(3)}, recall ${evaluation.macro.recall.toFixed(3)},
      AUROC ${area(evaluation.macro.auroc)}, average precision ${area(evaluation.macro.averagePrecision)}. The
      threshold is that of the manifest; "recognised" counts answers that name the class and reach it.
    </p>
    <div class="scroll">
      <table>
        <tr>
          ${[
            "class",
            "images",
            "precision",
            "recall",
            "95 %",
            "F1",
            "AUROC",
            "AP",
            "threshold",
            "recognised",
            "of these right",
          ].map((name) => html`<th>${name}</th>`)}
        </tr>
        ${evaluation.perClass.slice(0, 300).map(
          (entry) =>
            html`<tr>
              <td>${entry.label}</td>
              <td>${entry.images}</td>
              <td>${entry.precision.toFixed(3)}</td>
              <td>${entry.recall.toFixed(3)}</td>
              <td>${entry.recallLow.toFixed(2)}-${entry.recallHigh.toFixed(2)}</td>
              <td>${entry.f1.toFixed(3)}</td>
              <td>${area(entry.auroc)}</td>
              <td>${area(entry.averagePrecision)}</td>
              <td>${entry.threshold.toFixed(2)}</td>
              <td>${entry.recognized} of ${entry.answers}</td>
              <td>${entry.recognized === 0 ? "-" : percentText(entry.recognizedRight / entry.recognized)}</td>
            </tr>`,
        )}
      </table>
    </div>`;
}

/** Size, accuracy and time of every way of storing the weights that was measured. */
export function precisionTable(facts: ReportFacts): Markup {
  const { evaluation, comparison, latencyMs } = facts;
  const rows: PrecisionComparison["precisions"] =
    comparison?.precisions ??
    (evaluation.precisions ?? []).map((row) => ({ ...row, milliseconds: row.published ? latencyMs : null }));
  return html`<h2 id="precisions">Size, accuracy and time by precision</h2>
    <p>
      Bundles were reloaded and run through the Worker's own code on images of the test split. A time is the
      median of decoding and classifying one image after the other on ${answerTime(facts).machine};
      differences of a tenth are chance. The trained net itself is not served, and has none.
    </p>
    <div class="scroll">
      <table>
        <tr>
          ${[
            "weights",
            "bytes",
            "images",
            "top-1",
            "95 %",
            "same class as the trained net",
            "ECE",
            "ms an image",
            "",
          ].map((name) => html`<th>${name}</th>`)}
        </tr>
        ${rows.map(
          (row) =>
            html`<tr>
              <td>${row.scheme}</td>
              <td>${row.weightBytes.toLocaleString("en")}</td>
              <td>${row.top1.images}</td>
              <td>${percentText(row.top1.share)}</td>
              <td>${percentText(row.top1.low)}-${percentText(row.top1.high)}</td>
              <td>${percentText(row.agreement)}</td>
              <td>${row.expectedCalibrationError.toFixed(3)}</td>
              <td>${row.milliseconds === null ? "-" : timeText(row.milliseconds)}</td>
              <td>${row.published ? "published" : ""}</td>
            </tr>`,
        )}
      </table>
    </div>`;
}

/** What an answer of the published bundle takes: as measured beside the other ways of storing it, where it was. */
export function answerTime({ comparison, latencyMs }: ReportFacts): {
  readonly milliseconds: number;
  readonly machine: string;
} {
  const published = comparison?.precisions.find((row) => row.published)?.milliseconds ?? null;
  return comparison === null || published === null
    ? { milliseconds: latencyMs, machine: "the machine of this report" }
    : { milliseconds: published, machine: comparison.machine };
}

/** Milliseconds in three digits, e.g. `0.42` or `12.3`. */
export function timeText(milliseconds: number): string {
  return milliseconds < 1 ? milliseconds.toFixed(2) : milliseconds.toPrecision(3);
}

/** The rule for unknown images, and how the three compare. */
export function unknownSection({ evaluation }: ReportFacts): Markup {
  const { unknown } = evaluation;
  if (unknown === undefined) return html``;
  return html`<h2 id="unknown">Unknown images</h2>
    <p>
      ${unknown.rule === "none" ? "No image is called unknown." : `The rule ${unknown.rule} calls ${percentText(unknown.refused)} of the test images unknown, though their class is known.`}
    </p>
    ${
      unknown.auroc !== null &&
      html`<div class="scroll">
          <table>
            <tr>
              <th>rule</th>
              <th>AUROC</th>
            </tr>
            ${Object.entries(unknown.auroc).map(
              ([rule, value]) =>
                html`<tr>
                  <td>${rule}${rule === unknown.rule ? " (used)" : ""}</td>
                  <td>${value === null ? "not measurable" : area(value)}</td>
                </tr>`,
            )}
          </table>
        </div>
        <p class="soft">
          Each class was left out in turn and had to look stranger than the others:
          ${unknown.heldOut.join(", ")}. 0.5 is chance, 1 tells all. A net trained from nothing has seen the
          left-out class in its features, so things it never saw may be harder.
        </p>`
    }`;
}

/** How the bundle did on parts of the test split. */
export function sliceTable({ slices }: ReportFacts): Markup {
  if (slices.length === 0) return html``;
  return html`<h2 id="slices">Slices</h2>
    <p>
      Parts of the test images by what their files and the given metadata tell, with the 95 % interval of
      each: parts whose intervals overlap may be alike. Cameras and times are as EXIF has them.
    </p>
    <div class="scroll">
      <table>
        <tr>
          ${["by", "part", "images", "top-1", "95 %", ""].map(
            (name) => html`<th class="${name === "part" ? "text" : ""}">${name}</th>`,
          )}
        </tr>
        ${slices.map(
          (slice) =>
            html`<tr class="${slice.isSmall ? "soft" : ""}">
              <td>${slice.by}</td>
              <td class="text">${slice.name}</td>
              <td>${slice.images}</td>
              <td>${percentText(slice.share)}</td>
              <td>${percentText(slice.low)}-${percentText(slice.high)}</td>
              <td>${slice.isSmall && "too few to tell"}</td>
            </tr>`,
        )}
      </table>
    </div>`;
}

function area(value: number | null): string {
  return value === null ? "-" : value.toFixed(3);
}
