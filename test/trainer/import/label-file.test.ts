import { describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { readLabelFile } from "../../../trainer/import/label-file.ts";

function read(text: string, classes: number) {
  return readLabelFile(new TextEncoder().encode(text), classes);
}

describe("readLabelFile", () => {
  it("reads a label a line, whatever ends the lines", () => {
    expect(read("ant\r\nbee, honey\n\n", 2).labels).toEqual(["ant", "bee, honey"]);
  });

  it("leaves out the numbers that lines begin with, but not numbers that are labels", () => {
    expect(read("0 ant\n1  bee\n", 2).labels).toEqual(["ant", "bee"]);
    expect(read("7 up\n4 door\n", 2).labels).toEqual(["7 up", "4 door"]);
  });

  it("tells equal labels apart by their class, and says so", () => {
    expect(read("crane\nant\nCrane\n", 3)).toEqual({
      labels: ["crane", "ant", "Crane (class 2)"],
      renamed: ["Crane (class 2)"],
    });
  });

  it("says that the class background may be missing", () => {
    expect(() => read("ant\nbee\n", 3)).toThrow(/background/);
  });

  it("rejects what is no text, and lines without a label", () => {
    for (const bytes of [Uint8Array.of(0xff, 0xfe, 10, 65), new TextEncoder().encode("ant\n\nbee")]) {
      expect(() => readLabelFile(bytes, bytes.length === 4 ? 2 : 3)).toThrow(
        expect.toSatisfy((error) => isAppError(error, "invalid_argument")),
      );
    }
  });
});
