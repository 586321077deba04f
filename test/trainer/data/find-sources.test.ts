import { describe, it } from "vitest";
import { findSources, longestSequence, type SourcedFile } from "../../../trainer/data/find-sources.ts";

const noon = Date.UTC(2026, 0, 31, 12);

/** The names of files by the source that they are of. */
function sourcesOf(sourced: readonly SourcedFile[], groupBy: string): Record<string, string[]> {
  const sources = findSources(sourced, groupBy);
  return Object.fromEntries(
    sources.map(({ name, members }) => [name, members.map(({ path }) => path.replace(/^.*\//, ""))]),
  );
}

/** Files of class folders by their paths. */
function files(...paths: readonly string[]): SourcedFile[] {
  return paths.map((path) => ({ path, label: path.split("/")[0] ?? "" }));
}

function numbered(stem: string, numbers: readonly number[]): SourcedFile[] {
  return files(...numbers.map((number) => `${stem}${String(number).padStart(3, "0")}.jpg`));
}

describe("findSources by folder", () => {
  it("takes the folders below a class, however deep, wherever the class lies", ({ expect }) => {
    const photos = [
      { path: "train/ants/nest 1/a.jpg", label: "ants" },
      { path: "test/ants/nest 1/b.jpg", label: "ants" },
      { path: "train/ants/nest 1/low/c.jpg", label: "ants" },
      { path: "train/ants/plants/d.jpg", label: "ants" },
      { path: "train/ants/e.jpg", label: "ants" },
    ];
    expect(sourcesOf(photos, "folder")).toEqual({
      "ants/nest 1": ["a.jpg", "b.jpg"],
      "ants/nest 1/low": ["c.jpg"],
      "ants/plants": ["d.jpg"],
    });
  });
});

describe("findSources by sequence", () => {
  it("takes numbered names that are alike before the number and follow each other closely", ({ expect }) => {
    const visits = [
      ...numbered("ant/visita_03_", [0, 1, 2, 5]),
      ...numbered("ant/visita_03_", [40, 41]),
      ...numbered("ant/visita_04_", [0, 1]),
      ...numbered("bee/visita_04_", [2, 3]),
    ];
    expect(Object.values(sourcesOf(visits, "sequence"))).toEqual([
      ["visita_03_000.jpg", "visita_03_001.jpg", "visita_03_002.jpg", "visita_03_005.jpg"],
      ["visita_03_040.jpg", "visita_03_041.jpg"],
      ["visita_04_000.jpg", "visita_04_001.jpg"],
      ["visita_04_002.jpg", "visita_04_003.jpg"],
    ]);
  });

  it("takes no names that are a number alone for one, unless in a folder of their own", ({ expect }) => {
    expect(sourcesOf(numbered("ant/", [1, 2, 3]), "sequence")).toEqual({});
    expect(Object.values(sourcesOf(numbered("ant/visit/", [1, 2]), "sequence"))).toEqual([
      ["001.jpg", "002.jpg"],
    ]);
    expect(sourcesOf(files("ant/10308379_1b6c72e180.jpg", "ant/a.jpg"), "sequence")).toEqual({});
  });

  it("takes times in names within 10 seconds, of all classes", ({ expect }) => {
    const frames = files(
      "empty/gate_2026-01-31_23-59-52.jpg",
      "person/gate_2026-01-31_23-59-58.jpg",
      "person/gate_2026-02-01_00-00-07.jpg",
      "person/gate_20260201_000018.jpg",
      "person/yard_20260201_000007.jpg",
    );
    expect(sourcesOf(frames, "sequence")).toEqual({
      "gate_* 2026-01-31T23:59:52.000Z": [
        "gate_2026-01-31_23-59-52.jpg",
        "gate_2026-01-31_23-59-58.jpg",
        "gate_2026-02-01_00-00-07.jpg",
      ],
    });
  });

  it("believes the metadata's times more than names", ({ expect }) => {
    const shots = numbered("ant/IMG_", [1, 2, 3]).map((file, i) => ({
      ...file,
      camera: "Acme One",
      takenAt: noon + (i === 2 ? 86_400_000 : 4000 * i),
    }));
    expect(sourcesOf(shots, "sequence")).toEqual({
      "Acme One 2026-01-31T12:00:00.000Z": ["IMG_001.jpg", "IMG_002.jpg"],
    });
  });

  it("cuts what never ends, at the same places when more is added to its end", ({ expect }) => {
    const frames = numbered("ant/frame_", [...Array(350).keys()]);
    const short = findSources(frames.slice(0, 150), "sequence");
    const long = findSources(frames, "sequence");
    expect(long.map(({ members }) => members.length)).toEqual([longestSequence, 100, 100, 50]);
    expect(long.slice(0, 2).map(({ name }) => name)).toEqual(short.map(({ name }) => name));
  });
});

describe("findSources by camera and by an expression", () => {
  it("takes the maker and model, where the metadata tell", ({ expect }) => {
    const shots = files("ant/a.jpg", "bee/b.jpg", "bee/c.jpg").map((file, i) => ({
      ...file,
      camera: i < 2 ? "Acme One" : null,
    }));
    expect(sourcesOf(shots, "camera")).toEqual({ "Acme One": ["a.jpg", "b.jpg"] });
  });

  it("takes what the group of the expression matches, of all classes", ({ expect }) => {
    const photos = files("ill/plant07 a.jpg", "well/plant07 b.jpg", "well/plant11 c.jpg", "well/d.jpg");
    expect(sourcesOf(photos, "(plant\\d+)")).toEqual({
      plant07: ["plant07 a.jpg", "plant07 b.jpg"],
      plant11: ["plant11 c.jpg"],
    });
  });

  it.for([
    ["folders", /an expression of 0 groups; use none, folder, sequence, camera or a regular expression/],
    ["(a)(b)", /an expression of 2 groups/],
    ["(plant", /cannot be grouped by "\(plant"/],
    ["(tree\\d)", /none of 1 paths matches, such as ant\/a.jpg/],
  ] as const)("rejects %s", ([groupBy, message], { expect }) => {
    expect(() => findSources(files("ant/a.jpg"), groupBy)).toThrowError(
      expect.objectContaining({ code: "invalid_argument", message: expect.stringMatching(message) }),
    );
  });
});
