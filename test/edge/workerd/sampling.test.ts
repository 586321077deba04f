import { describe, expect, it } from "vitest";
import type { FeedbackSettings } from "../../../edge/feedback/feedback-settings.ts";
import { defaultRolloutGuard } from "../../../shared/contract/alias.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { drawPng, solidPng } from "../../fixtures/png.ts";
import { type Edge, imagePost, openEdge } from "./open-edge.ts";
import {
  feedbackOn,
  isUnsure,
  keptOf,
  knowsNothing,
  openWithFeedback,
  queueOf,
  sendFeedback,
  sendReview,
} from "./open-feedback.ts";

const red = solidPng(40, 40, [255, 0, 0]);

const all: FeedbackSettings = { ...feedbackOn, sampling: { uncertain: 1, unknown: 1, disagreement: 1 } };

async function ask(edge: Edge, image: Uint8Array<ArrayBuffer>, requestId = "ask"): Promise<void> {
  const response = await edge.fetch("/classify", {
    ...imagePost(image),
    headers: { "content-type": "image/png", "x-request-id": requestId },
  });
  expect(response.status).toBe(200);
}

describe("sampling", () => {
  it("keeps nothing unless it is switched on", async () => {
    const edge = await openWithFeedback(feedbackOn, { editManifest: knowsNothing });
    await ask(edge, red);

    expect(await keptOf(edge)).toEqual([]);
  });

  it.each([
    ["unknown", knowsNothing],
    ["uncertain", isUnsure],
  ] as const)(
    "keeps images that are %s, for review, and takes a label for them later",
    async (source, editManifest) => {
      const edge = await openWithFeedback(all, { editManifest });
      await ask(edge, red, "the-request");
      expect(await queueOf(edge)).toMatchObject([{ source, label: null, image: { format: "png" } }]);

      const response = await sendFeedback(edge, {
        label: "crimson",
        consent: true,
        requestId: "the-request",
      });
      expect(response.status).toBe(201);
      expect(await queueOf(edge)).toMatchObject([{ source, label: "crimson" }]);
      expect((await keptOf(edge)).length).toBe(2);

      const withdrawn = await sendFeedback(edge, {
        label: "crimson",
        consent: false,
        requestId: "the-request",
      });
      expect(await withdrawn.json()).toMatchObject({ kept: false });
      expect((await keptOf(edge)).length).toBe(1);
    },
  );

  it.each(["accept", "discard"] as const)(
    "takes no label any more for what was reviewed: %s, and gives up the image where consent is withdrawn",
    async (decision) => {
      const edge = await openWithFeedback(all, { editManifest: knowsNothing });
      await ask(edge, red, "reviewed");
      const id = (await queueOf(edge))[0]?.id ?? "";
      await sendReview(edge, id, decision === "accept" ? { decision, label: "crimson" } : { decision });
      const status = decision === "accept" ? "accepted" : "discarded";
      const [reviewed] = await queueOf(edge, status);

      const late = await sendFeedback(edge, { label: "cat", consent: true, requestId: "reviewed" });
      expect(late.status).toBe(409);
      expect(await late.json()).toMatchObject({
        code: "already_reviewed",
        detail: expect.stringContaining(status),
      });
      expect(await queueOf(edge, status)).toEqual([reviewed]);

      const withdrawn = await sendFeedback(edge, { label: "cat", consent: false, requestId: "reviewed" });
      expect(await withdrawn.json()).toMatchObject({ status, kept: false });
      expect(await queueOf(edge, status)).toEqual([{ ...reviewed, image: null }]);
      expect((await keptOf(edge)).filter((key) => !key.endsWith(".json"))).toEqual([]);
    },
  );

  it("keeps no image whose answer is sure", async () => {
    const edge = await openWithFeedback(all);
    await ask(edge, red);

    expect(await keptOf(edge)).toEqual([]);
  });

  it("keeps only the share that is drawn", async () => {
    let draw = 0.1;
    const settings = { ...feedbackOn, sampling: { uncertain: 0, unknown: 0.2, disagreement: 0 } };
    const edge = await openWithFeedback(settings, { editManifest: knowsNothing }, { random: () => draw });
    await ask(edge, red, "first");
    draw = 0.2;
    await ask(edge, gradient(3), "second");

    expect(await queueOf(edge)).toHaveLength(1);
  });

  it("keeps a picture once, not its near-duplicates", async () => {
    const edge = await openWithFeedback(all, { editManifest: knowsNothing });
    await ask(edge, gradient(1), "first");
    await ask(edge, gradient(1), "second");
    expect(await queueOf(edge)).toHaveLength(1);
    await ask(edge, gradient(2), "third");

    expect(await queueOf(edge)).toHaveLength(2);
  });

  it("keeps images to which two versions give different classes", async () => {
    const edge = openEdge(undefined, undefined, {
      feedback: { ...feedbackOn, sampling: { uncertain: 0, unknown: 0, disagreement: 1 } },
    });
    const stable = await handMadeBundle({ model: edge.model });
    const tried = await handMadeBundle({ model: edge.model, seed: 2, labels: ["a", "b", "c"] });
    await putVersion(edge.store, stable);
    await putVersion(edge.store, tried);
    await putAlias(edge.store, stable, "champion", {
      rollout: {
        version: tried.manifest.version,
        manifestSha256: tried.manifestSha256,
        canaryFraction: 0,
        shadow: true,
        startedAt: "2026-01-31T00:00:00Z",
        guard: defaultRolloutGuard,
      },
    });
    await ask(edge, red, "loads");
    await ask(edge, red, "compares");

    expect(await queueOf(edge)).toMatchObject([
      { source: "disagreement", answer: { version: stable.manifest.version, top: { label: "red" } } },
    ]);
  });
});

/** Stripes of a width that the hash can tell. */
function gradient(stripes: number): Uint8Array<ArrayBuffer> {
  return drawPng(72, 64, (x) => (Math.floor((x / 72) * stripes * 2) % 2 === 0 ? [255, 0, 0] : [40, 0, 0]));
}
