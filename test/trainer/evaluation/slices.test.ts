import { describe, expect, it } from "vitest";
import { loadCodec } from "../../../trainer/assets.ts";
import type { MetadataColumn } from "../../../trainer/data/metadata-table.ts";
import { type ImageFacts, readImageFacts } from "../../../trainer/evaluation/image-facts.ts";
import { type Slice, sliceAccuracy } from "../../../trainer/evaluation/slices.ts";
import { encodePng } from "../../../trainer/release/png.ts";
import { drawScene } from "../../../trainer/release/golden-images.ts";
import { withCamera } from "../../fixtures/exif.ts";
import { tinyFiles } from "../release/tiny-release.ts";

const plain: ImageFacts = {
  path: "",
  source: "",
  format: "jpeg",
  width: 40,
  height: 40,
  brightness: 100,
  camera: null,
  takenAt: null,
};

function facts(count: number, of: (i: number) => Partial<ImageFacts>): ImageFacts[] {
  return Array.from({ length: count }, (_, i) => ({ ...plain, path: `${i}.jpg`, ...of(i) }));
}

/** The parts of one kind, `[name, right, images]`. */
function parts(slices: readonly Slice[], by: string): (readonly [string, number, number])[] {
  return slices.filter((slice) => slice.by === by).map(({ name, right, images }) => [name, right, images]);
}

function column(kind: MetadataColumn["kind"], values: readonly (string | null)[]): MetadataColumn {
  const told = values.flatMap((value, i) => (value === null ? [] : [[`${i}.jpg`, value] as const]));
  return { name: "weather", kind, values: new Map(told) };
}

describe("sliceAccuracy", () => {
  it("parts by camera, by day and night, and by format, what is not told last by its size", () => {
    const clock = [6, 5.99, 17.99, 18].map((hour) => Date.UTC(2026, 0, 31) + hour * 3_600_000);
    const images = facts(60, (i) => ({
      camera: i < 30 ? "Acme One" : i < 50 ? "Gate 2" : null,
      takenAt: clock[i % 4] ?? null,
      format: i < 20 ? "png" : "jpeg",
    }));
    const right = images.map((_, i) => i < 30);
    const slices = sliceAccuracy(images, right);
    expect(parts(slices, "camera")).toEqual([
      ["Acme One", 30, 30],
      ["Gate 2", 0, 20],
      ["not told", 0, 10],
    ]);
    expect(parts(slices, "time of day")).toEqual([
      ["day, 6 to 18 h", 15, 30],
      ["night, 18 to 6 h", 15, 30],
    ]);
    expect(parts(slices, "format")).toEqual([
      ["JPEG", 10, 40],
      ["PNG", 20, 20],
    ]);
  });

  it("leaves out what parts nothing, and gathers the smallest of many parts", () => {
    expect(
      sliceAccuracy(
        facts(30, () => ({})),
        Array<boolean>(30).fill(true),
      ),
    ).toEqual([]);
    const many = facts(120, (i) => ({ camera: `camera ${i < 100 ? i % 2 : i}`, source: `roll ${i}` }));
    const slices = sliceAccuracy(many, Array<boolean>(120).fill(true));
    expect(parts(slices, "camera")).toEqual([
      ["camera 0", 50, 50],
      ["camera 1", 50, 50],
      ["20 others", 20, 20],
    ]);
    expect(parts(slices, "source")).toEqual([]);
  });

  it("marks parts of fewer than ten images, and gives each its interval", () => {
    const images = facts(29, (i) => ({ format: i < 9 ? "png" : "jpeg" }));
    const [jpeg, png] = sliceAccuracy(images, Array<boolean>(29).fill(true));
    expect([jpeg?.isSmall, png?.isSmall]).toEqual([false, true]);
    expect(jpeg?.high).toBeCloseTo(1, 12);
    // Wilson: 1 / (1 + 1.96^2 / 20)
    expect(jpeg?.low).toBeCloseTo(20 / (20 + 1.959964 ** 2), 5);
  });

  it("cuts sizes and brightness into thirds, and a numeric column at its quartiles", () => {
    const images = facts(40, (i) => ({ width: 100 + i, height: 500 }));
    const right = images.map((_, i) => i >= 20);
    const values = images.map((_, i) => (i === 39 ? null : String(i / 4)));
    const slices = sliceAccuracy(images, right, [column("number", values)]);
    expect(parts(slices, "size").map(([name]) => name)).toEqual([
      "shorter side 100 to 113 px",
      "shorter side above 113 to 126 px",
      "shorter side above 126 to 139 px",
    ]);
    expect(parts(slices, "metadata: weather")).toEqual([
      ["0 to 2.25", 0, 10],
      ["above 2.25 to 4.75", 0, 10],
      ["above 4.75 to 7", 9, 9],
      ["above 7 to 9.5", 10, 10],
      ["not told", 1, 1],
    ]);
  });

  it("parts by the few values of a column", () => {
    const values = Array.from({ length: 30 }, (_, i) => (i < 18 ? "rain" : "<b>sun</b>"));
    const slices = sliceAccuracy(
      facts(30, () => ({})),
      values.map((value) => value === "rain"),
      [column("category", values)],
    );
    expect(parts(slices, "metadata: weather")).toEqual([
      ["rain", 18, 18],
      ["<b>sun</b>", 0, 12],
    ]);
  });
});

describe("readImageFacts", () => {
  it("tells camera, time, format, size and brightness of files as they are", async () => {
    const [file] = tinyFiles(1, 1);
    if (file === undefined) throw new Error("no file");
    const jpeg = withCamera(await file.read(), "Gate 2", "2026:01:31 23:59:59");
    const png = encodePng(drawScene(1, 30, 20));
    const images = [jpeg, png].map((bytes, i) => ({
      path: `ant/yard/shot_${i}.jpg`,
      classIndex: 0,
      read: async () => bytes,
    }));
    const [photo, drawing] = await readImageFacts(images, loadCodec(), ["ant"]);
    expect(photo).toMatchObject({
      camera: "Gate 2",
      takenAt: Date.UTC(2026, 0, 31, 23, 59, 59),
      format: "jpeg",
    });
    expect(photo).toMatchObject({ width: 48, height: 40, source: "yard/shot" });
    expect(drawing).toMatchObject({ camera: null, takenAt: null, format: "png", width: 30, height: 20 });
    expect(drawing?.brightness).toBeGreaterThan(20);
  });
});
