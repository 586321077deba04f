import { beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { normalize } from "../../../shared/image/normalize.ts";
import { openBundle } from "../../../shared/inference/bundle.ts";
import { createClassifier } from "../../../shared/inference/classifier.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { bundleSource } from "../../../trainer/release/assemble.ts";
import { withBundle } from "../../../trainer/release/verify.ts";
import { runIntegerNet } from "../../fixtures/integer-reference.ts";
import { type IntegerNet, randomIntegerNet } from "../../fixtures/random-integer-net.ts";
import { importBytes } from "./import-tiny.ts";
import { integerTflite } from "./integer-tflite.ts";
import { tinyTflite } from "./tiny-tflite.ts";

beforeAll(async () => {
  await openInference();
});

const codec = loadCodec();

/** Nets that a file may hold: images of at least 8 pixels a side, and an addition among the layers. */
const nets = Array.from({ length: 60 }, (_, seed) => randomIntegerNet(seed)).filter(
  ({ side, layers }) => side >= 8 && layers.some(({ residual }) => residual !== undefined),
);

function importNet(net: IntegerNet) {
  return importBytes(
    integerTflite(net),
    net.head.bias.reduce((text, _, i) => `${text}class ${i}\n`, ""),
  );
}

describe("an imported net whose every tensor is on a grid", () => {
  it("is computed in integers, to the bit as its file says", async () => {
    expect(nets.length).toBeGreaterThan(5);
    for (const net of nets.slice(0, 6)) {
      const bundle = await importNet(net);
      const grids = net.layers.flatMap(({ grid, residual }) => [grid, ...(residual ? [residual.grid] : [])]);
      expect(Object.values(bundle.manifest.activationGrids ?? {})).toEqual(
        grids.map(({ scale, zeroPoint }) => ({ scale: expect.closeTo(scale, 12), zeroPoint })),
      );
      await withBundle(bundle, codec, (classifier) => {
        expect(classifier.engine).toBe("integer-plan");
        const data = Uint8Array.from({ length: net.side ** 2 * 3 }, (_, i) => (37 * i) & 255);
        const image = { width: net.side, height: net.side, data };
        const { embedding } = classifier.infer(normalize(image, classifier.manifest.input), 1, {
          embedding: true,
        });
        expect(embedding).toEqual(runIntegerNet(net, data).embedding);
      });
    }
  });

  it("is refused when it does not repeat its golden vectors: no other engine answers for it", async () => {
    const bundle = await importNet(nets[0] as IntegerNet);
    const { golden } = bundle.manifest;
    const vectors = golden.vectors.map((vector) => ({
      ...vector,
      logits: vector.logits.map((logit) => logit + 1),
    }));
    const spoilt = { ...bundle, manifest: { ...bundle.manifest, golden: { tolerance: 0.01, vectors } } };
    await withBundle(spoilt, codec, (classifier) => {
      expect(() => classifier.selfTest()).toThrow(/differs by/);
      expect(classifier.engine).toBe("integer-plan");
    });
  });

  it.each([
    ["a layer without its grid", [1]],
    ["a grid of its first layer alone", [0, 1]],
  ])("is refused with %s", async (_what, slice) => {
    const bundle = await importNet(nets[0] as IntegerNet);
    const kept = Object.entries(bundle.manifest.activationGrids ?? {}).slice(...slice);
    const activationGrids = Object.fromEntries(kept);
    const source = bundleSource({ ...bundle, manifest: { ...bundle.manifest, activationGrids } });
    await expect(openBundle(source)).rejects.toSatisfy((error) => isAppError(error, "unsupported_model"));
  });

  it.each([
    { scale: 0, zeroPoint: 0 },
    { scale: 0.1, zeroPoint: 256 },
    { scale: 0.1, zeroPoint: 0.5 },
  ])("is refused with a grid of $scale and $zeroPoint", async (grid) => {
    const bundle = await importNet(nets[0] as IntegerNet);
    const [name = ""] = Object.keys(bundle.manifest.activationGrids ?? {});
    const activationGrids = { ...bundle.manifest.activationGrids, [name]: grid };
    const source = bundleSource({ ...bundle, manifest: { ...bundle.manifest, activationGrids } });
    await expect(openBundle(source)).rejects.toSatisfy((error) => isAppError(error, "invalid_manifest"));
  });

  it("is refused when its weights are no codes", async () => {
    const bundle = await importNet(nets[0] as IntegerNet);
    const opened = await openBundle(bundleSource(bundle));
    const specs = opened.weights.specs.map((spec) =>
      spec.quantization?.dtype === "uint8"
        ? { ...spec, quantization: { ...spec.quantization, min: 1 } }
        : spec,
    );
    expect(() => createClassifier({ ...opened, weights: { ...opened.weights, specs } }, codec)).toThrow(
      /on no grid/,
    );
  });

  it("is computed in floats when its tensors have none", async () => {
    const { manifest } = await importBytes(tinyTflite("uint8").file);
    expect(manifest.activationGrids).toBeUndefined();
  });
});
