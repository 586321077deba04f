import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { indexWithProgress, openDataset } from "../../../trainer/job/open-dataset.ts";
import type { Reporter } from "../../../trainer/job/reporter.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-open-dataset-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A reporter whose bars note when they begin and end; one that never ends would keep a terminal's process alive. */
function notedReporter(): { readonly events: string[]; readonly reporter: Reporter } {
  const events: string[] = [];
  const progress: Reporter["progress"] = (title) => {
    events.push(`${title} begins`);
    return { update: () => undefined, end: () => void events.push(`${title} ends`) };
  };
  return { events, reporter: { say: () => undefined, progress } };
}

describe("the bars of a dataset", () => {
  it("end when the index fails", async ({ expect }) => {
    for (const label of ["ants", "bees"]) {
      await mkdir(join(folder, "photos", label), { recursive: true });
      await writeFile(join(folder, "photos", label, "a.jpg"), "no image");
    }
    const { events, reporter } = notedReporter();
    const options = { path: join(folder, "photos"), cacheRoot: join(folder, "cache"), threads: 1 };
    await expect(indexWithProgress(options, reporter.progress)).rejects.toMatchObject({
      code: "invalid_dataset",
    });
    expect(events).toEqual(["index begins", "index ends"]);
  });

  it("end when the sample cannot be drawn", async ({ expect }) => {
    await mkdir(join(folder, "sample-1"));
    await writeFile(join(folder, "sample-1", "holiday.jpg"), "precious");
    const { events, reporter } = notedReporter();
    await expect(openDataset({ seed: 1, cacheRoot: folder }, reporter)).rejects.toMatchObject({
      code: "already_exists",
    });
    expect(events).toEqual(["draw begins", "draw ends"]);
  });
});
