import { loadCodec, loadJpegEncoder } from "../assets.ts";
import { readRange } from "../data/file-tree.ts";
import { html, type Markup } from "../report/html.ts";
import { renderPage } from "../report/page.ts";
import { createThumbnails, type Thumbnails } from "../report/thumbnails.ts";
import type { AuditedDataset } from "./audit-dataset.ts";
import { countBySeverity, type Finding } from "./finding.ts";

/** Pictures shown of one finding; the machine-readable findings name all. */
const mostPicturesEach = 40;
const limits = { side: 160, mostImages: 600, mostBytes: 6_000_000 };

/** A page of the findings with their pictures. */
export async function renderAudit({ audit, images }: AuditedDataset): Promise<Uint8Array> {
  const thumbnails = createThumbnails(loadCodec(), loadJpegEncoder(), limits);
  const ranges = new Map(images.map((image) => [image.path, image.range]));
  const read = async (path: string): Promise<Uint8Array> => {
    const range = ranges.get(path);
    return range === undefined ? new Uint8Array() : readRange(range);
  };
  const counts = countBySeverity(audit.findings);
  const findings: Markup[] = [];
  for (const finding of audit.findings) findings.push(await describeFinding(finding, thumbnails, read));
  return renderPage({
    title: `Data audit of ${audit.path}`,
    body: html`<h1>Data audit of ${audit.path}</h1>
      <p class="soft">
        ${audit.images} readable images in ${audit.classes.length} classes. Labels were judged by
        ${audit.features}, on ${audit.judgedLabels} images.
      </p>
      <div class="facts">
        ${fact(counts.error, "errors: an evaluation would be worthless")}
        ${fact(counts.warning, "warnings: they cost accuracy")} ${fact(counts.note, "notes")}
      </div>
      <h2>Classes</h2>
      <div class="scroll">
        <table>
          <tr>
            <th>class</th>
            <th>images</th>
          </tr>
          ${audit.classes.map(
            ({ label, images: count }) =>
              html`<tr>
                <td>${label}</td>
                <td>${count}</td>
              </tr>`,
          )}
        </table>
      </div>
      <h2>Findings</h2>
      ${findings.length === 0 ? html`<p>Nothing was found.</p>` : findings}`,
  });
}

function fact(value: number, meaning: string): Markup {
  return html`<div class="fact"><b>${value}</b><span>${meaning}</span></div>`;
}

async function describeFinding(
  { check, severity, message, images }: Finding,
  thumbnails: Thumbnails,
  read: (path: string) => Promise<Uint8Array>,
): Promise<Markup> {
  const figures: Markup[] = [];
  for (const { path, label, note } of images.slice(0, mostPicturesEach)) {
    const picture = await thumbnails.of(path, () => read(path));
    figures.push(
      html`<figure>
        ${
          picture === null
            ? html`<div class="none">no picture</div>`
            : html`<img src="${picture}" alt="${path}" decoding="async" />`
        }
        <figcaption><b>${label ?? ""}</b> ${note ?? ""}<span class="path">${path}</span></figcaption>
      </figure>`,
    );
  }
  const hidden = images.length - figures.length;
  return html`<section class="finding">
    <h3><span class="badge ${severity}">${severity}</span> ${check}</h3>
    <p>${message}</p>
    <div class="pictures">${figures}</div>
    ${hidden > 0 && html`<p class="soft">and ${hidden} more, which the findings for machines name</p>`}
  </section>`;
}
