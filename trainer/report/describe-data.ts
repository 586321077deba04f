import { splits } from "../../shared/contract/dataset.ts";
import { describeLeaks } from "../audit/audit-manifest.ts";
import { describeArchitecture } from "../release/model-card.ts";
import { answerTime, timeText } from "./describe-results.ts";
import { html, type Markup } from "./html.ts";
import type { ReportFacts } from "./report-facts.ts";

/** The model card: what it is for, what it must not be used for, where it comes from. */
export function modelCard(facts: ReportFacts): Markup {
  const { manifest, evaluation } = facts;
  const { provenance, input, unknown } = manifest;
  const weakest = evaluation.perClass
    .filter(({ images }) => images > 0)
    .toSorted((a, b) => a.recall - b.recall)
    .slice(0, 3);
  return html`<h2 id="card">Model card</h2>
    <dl>
      ${entry("Intended use", manifest.intendedUse)} ${entry("Licence", manifest.licence)}
      ${entry("Classes", manifest.labels.join(", "))}
      ${entry(
        "Input",
        `${input.width}x${input.height} px, ${input.fit}, ${input.filter} filter, denoise ${input.denoise}`,
      )}
      ${entry("Architecture", describeArchitecture(manifest.architecture))}
      ${entry("Time an answer takes", timesTaken(facts))}
      ${entry(
        "Unknown images",
        unknown.rule === "none" ? "are not told from known ones" : `are told by the rule ${unknown.rule}`,
      )}
      ${entry(
        "Trained",
        `run ${provenance.runId}, started ${provenance.startedAt}, seed ${provenance.seed}, engine ${provenance.engine}, ` +
          `code ${provenance.gitCommit ?? "not a git checkout"}`,
      )}
      ${entry(
        "Weakest classes",
        weakest
          .map(({ label, recall, images }) => `${label} (recall ${recall.toFixed(2)} of ${images})`)
          .join(", "),
      )}
    </dl>
    <h3>Limits</h3>
    <ul>
      <li>
        What was measured holds for images like those of the dataset. Other cameras, places, seasons or people
        need an evaluation of their own: <code>edgewise evaluate</code> on labelled images from there.
      </li>
      <li>
        It knows its classes and no others. Images of something else may get a confident wrong answer; the
        rule for unknown images catches a part of them, measured above.
      </li>
      <li>
        Not a medical device. It was not assessed by any authority; on X-rays or other images of patients it
        may sort work for a trained person, and must not decide about diagnosis or treatment.
      </li>
      <li>Do not let it decide alone about people: access, work, credit, penalties, identity.</li>
      <li>
        Intervals are for chance alone. They do not cover wrong labels, copies, or a dataset unlike the field.
      </li>
    </ul>`;
}

/** The datasheet: what is known of the images, and what is not. */
export function datasheet({ dataset }: ReportFacts): Markup {
  const { labels, images, skipped } = dataset;
  const sides = images.map(({ width, height }) => Math.min(width, height)).toSorted((a, b) => a - b);
  return html`<h2 id="data">Datasheet</h2>
    <dl>
      ${entry("Dataset", `${dataset.dataset}, version ${dataset.datasetVersion}`)}
      ${entry("Images", `${images.length}; ${skipped.length} files were left out`)}
      ${entry("Shorter side", `${sides[0] ?? 0} to ${sides.at(-1) ?? 0} px, median ${sides[sides.length >> 1] ?? 0} px`)}
      ${entry(
        "Splits",
        `by content: the same image is always in the same split, near-duplicates are in one${
          dataset.groupBy === undefined ? "" : `, and so are images of one source, told by ${dataset.groupBy}`
        }; test is reported once`,
      )}
      ${entry(
        "Sources in several splits",
        describeLeaks(dataset).join("; ") || "none that the names of the files tell of",
      )}
      ${entry("Labels", "by the folders the images lie in")}
      ${entry(
        "Not known",
        "who took the images, when and where, who labelled them, and whether the people in them agreed: ask before it is published",
      )}
    </dl>
    <div class="scroll">
      <table>
        <tr>
          <th>class</th>
          <th>images</th>
          ${splits.map((split) => html`<th>${split}</th>`)}
        </tr>
        ${labels.slice(0, 200).map((label) => {
          const own = images.filter((image) => image.label === label);
          return html`<tr>
            <td>${label}</td>
            <td>${own.length}</td>
            ${splits.map((split) => html`<td>${own.filter((image) => image.split === split).length}</td>`)}
          </tr>`;
        })}
      </table>
    </div>
    ${
      skipped.length > 0 &&
      html`<details>
        <summary>Files that were left out</summary>
        <ul>
          ${skipped.slice(0, 100).map(({ path, reason }) => html`<li>${path}: ${reason}</li>`)}
        </ul>
      </details>`
    }`;
}

function timesTaken(facts: ReportFacts): string {
  const { milliseconds: published, machine } = answerTime(facts);
  const others = (facts.comparison?.precisions ?? []).flatMap((row) =>
    row.milliseconds === null || row.published ? [] : [`${timeText(row.milliseconds)} ms as ${row.scheme}`],
  );
  const measured = `${timeText(published)} ms an image on ${machine}, decoded and classified alone`;
  return others.length === 0 ? measured : `${measured}; stored otherwise ${others.join(", ")}`;
}

function entry(term: string, text: string): Markup {
  return html`<dt>${term}</dt>
    <dd>${text}</dd>`;
}
