import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../shared/contract/errors.ts";
import { handMadeBundle, type ManifestDraft } from "../../fixtures/hand-made-bundle.ts";
import { refusalOf } from "./open-hand-made.ts";

describe("openBundle refuses a manifest", () => {
  it.each<readonly [string, (manifest: Record<string, unknown>) => void]>([
    ["of another schema version", (manifest) => (manifest["schemaVersion"] = 2)],
    ["with a key it does not know", (manifest) => (manifest["extra"] = 1)],
    ["without labels", (manifest) => delete manifest["labels"]],
    ["with one label twice", (manifest) => (manifest["labels"] = ["red", "Red", "blue"])],
    ["with a threshold too few", (manifest) => (manifest["thresholds"] = [0.5, 0.5])],
    ["with temperature 0", (manifest) => (manifest["temperature"] = 0)],
    ["without golden vectors", (manifest) => (manifest["golden"] = { tolerance: 1, vectors: [] })],
    [
      "with a path for a file",
      (manifest) => (manifest["files"] = [{ path: "../x", bytes: 1, sha256: "0".repeat(64) }]),
    ],
    ["with a version of another form", (manifest) => (manifest["version"] = "latest")],
  ])("%s", async (_, edit) => {
    const made = await handMadeBundle({
      editManifest: (manifest) => edit(manifest),
    });

    expect(await refusalOf(made)).toEqual({
      code: "invalid_manifest",
      message: expect.stringMatching(/manifest.json is not valid/),
    });
  });

  it.each<readonly [string, ErrorCode, RegExp, (manifest: ManifestDraft) => void]>([
    [
      "made for another codec",
      "unsupported_model",
      /trained on images of codec f{64}/,
      (manifest) => (manifest.input = { ...manifest.input, codecSha256: "f".repeat(64) }),
    ],
    [
      "of another input size than the graph's",
      "unsupported_model",
      /the input of model.json is \[1, 32, 32, 3\], the manifest says \[1, 32, 48, 3\]/,
      (manifest) => (manifest.input = { ...manifest.input, width: 48 }),
    ],
    [
      "of more classes than the graph has logits",
      "unsupported_model",
      /output logits of model.json is \[1, 3\], the manifest says \[1, 4\]/,
      (manifest) => {
        manifest.labels = [...manifest.labels, "grey"];
        manifest.thresholds = [0, 0, 0, 0];
        manifest.golden = {
          ...manifest.golden,
          vectors: manifest.golden.vectors.map((vector) => ({ ...vector, logits: [0, 0, 0, 0] })),
        };
      },
    ],
    [
      "whose logits are no node",
      "unsupported_model",
      /output logits of model.json is no node/,
      (manifest) => (manifest.outputs = { ...manifest.outputs, logits: "nowhere" }),
    ],
    [
      "with an embedding of another size",
      "unsupported_model",
      /output embedding of model.json is \[1, 8\], the manifest says \[1, 9\]/,
      (manifest) => (manifest.outputs = { ...manifest.outputs, embedding: { node: "pool", size: 9 } }),
    ],
    [
      "with a feature map of another size",
      "unsupported_model",
      /output featureMap/,
      (manifest) =>
        (manifest.outputs = {
          logits: "dense",
          featureMap: { node: "stem", height: 16, width: 16, channels: 8 },
        }),
    ],
    [
      "that does not list model.json",
      "invalid_manifest",
      /lists no file model.json/,
      (manifest) => (manifest.files = manifest.files.filter((file) => file.path !== "model.json")),
    ],
    [
      "that does not list a shard",
      "invalid_manifest",
      /lists no file group1-shard2of2.bin/,
      (manifest) => (manifest.files = manifest.files.filter((file) => !file.path.includes("shard2"))),
    ],
    [
      "that says another storage of a weight",
      "invalid_manifest",
      /weight stem\/weights is stored as none, the manifest says uint8/,
      (manifest) =>
        (manifest.quantization = { ...manifest.quantization, tensors: { "stem/weights": "uint8" } }),
    ],
    [
      "with class centres it does not list",
      "invalid_manifest",
      /lists no file centres.bin/,
      (manifest) => (manifest.unknown = { rule: "feature-distance", threshold: 1, file: "centres.bin" }),
    ],
    [
      "whose class centres have another size",
      "unsupported_model",
      /class centres of this model take 96/,
      (manifest) =>
        (manifest.unknown = { rule: "feature-distance", threshold: 1, file: "group1-shard1of2.bin" }),
    ],
  ])("%s", async (_, code, message, editManifest) => {
    const made = await handMadeBundle({ editManifest });
    expect(await refusalOf(made)).toEqual({ code, message: expect.stringMatching(message) });
  });
});
