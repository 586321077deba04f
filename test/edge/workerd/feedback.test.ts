import { beforeEach, describe, expect, it } from "vitest";
import { expireFeedback } from "../../../edge/feedback/expire.ts";
import { feedbackOff } from "../../../edge/feedback/feedback-settings.ts";
import { feedbackDay, feedbackReceiptSchema } from "../../../shared/contract/feedback.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { parseWith } from "../../../shared/contract/parse.ts";
import { solidPng } from "../../fixtures/png.ts";
import { type Edge, imagePost } from "./open-edge.ts";
import {
  base64,
  feedbackOn,
  keptOf,
  knowsNothing,
  openWithFeedback,
  queueOf,
  sendFeedback,
  sendReview,
} from "./open-feedback.ts";

const red = solidPng(40, 40, [255, 0, 0]);

function silent(): void {}

describe("POST /feedback", () => {
  let edge: Edge;

  beforeEach(async () => {
    edge = await openWithFeedback(feedbackOn);
  });

  it("is not there unless it is switched on", async () => {
    const off = await openWithFeedback(feedbackOff);
    const response = await sendFeedback(off, { label: "red", consent: true, image: base64(red) });

    expect(response.status).toBe(404);
    expect(await keptOf(off)).toEqual([]);
  });

  it("keeps an image with its label in quarantine, and what the model said", async () => {
    const response = await sendFeedback(edge, { label: "crimson", consent: true, image: base64(red) });
    expect(response.status).toBe(201);
    const receipt = parseWith(feedbackReceiptSchema, await response.json(), "the receipt");
    const day = feedbackDay(receipt.id);

    expect(receipt).toMatchObject({
      status: "quarantined",
      kept: true,
      expiresAt: "2026-03-02T00:00:00.000Z",
    });
    expect(await keptOf(edge)).toEqual([
      objectKeys.feedbackRecord(edge.model, day, receipt.id),
      objectKeys.feedbackImage(edge.model, day, receipt.id, "png"),
    ]);
    expect(await queueOf(edge)).toMatchObject([
      {
        id: receipt.id,
        source: "feedback",
        label: "crimson",
        answer: { top: { label: "red" }, unknown: false },
        image: { format: "png" },
      },
    ]);
    const image = await edge.fetch(`/feedback/${receipt.id}/image`);
    expect(image.headers.get("content-type")).toBe("image/png");
    expect(await image.bytes()).toEqual(red);
  });

  it("takes a form with a file", async () => {
    const form = new FormData();
    form.set("label", "red");
    form.set("consent", "true");
    form.set("photo", new File([red], "photo.png", { type: "image/png" }));
    const response = await edge.fetch("/feedback", { method: "POST", body: form });

    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ kept: true });
  });

  it("keeps no image without consent", async () => {
    const response = await sendFeedback(edge, { label: "red", consent: false, image: base64(red) });

    expect(await response.json()).toMatchObject({ kept: false });
    expect((await keptOf(edge)).filter((key) => !key.endsWith(".json"))).toEqual([]);
  });

  it("is taken once, however often it is sent with one Idempotency-Key", async () => {
    const body = { label: "red", consent: true, image: base64(red) };
    const [first, second] = [
      await sendFeedback(edge, body, { "idempotency-key": `${edge.model}-once` }),
      await sendFeedback(edge, body, { "idempotency-key": `${edge.model}-once` }),
    ];

    expect(await second.json()).toEqual(await first.json());
    expect(await queueOf(edge)).toHaveLength(1);
  });

  it.each([
    ["without a label", { consent: true, image: base64(red) }, 400],
    ["without a word on consent", { label: "red", image: base64(red) }, 400],
    ["about nothing", { label: "red", consent: true }, 400],
    [
      "about a request whose image was not kept",
      { label: "red", consent: true, requestId: "unheard-of" },
      404,
    ],
    ["with what is no image", { label: "red", consent: true, image: btoa("no image at all") }, 400],
    ["with a film", { label: "red", consent: true, image: btoa("\0\0\0\u0018ftypmp42") }, 415],
  ])("refuses feedback %s", async (_, body, status) => {
    const response = await sendFeedback(edge, body);

    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await keptOf(edge)).toEqual([]);
  });

  it("takes no more than the cap of a day", async () => {
    edge = await openWithFeedback({ ...feedbackOn, dailyCap: 2 });
    // the cap of open callers is one for all tests
    edge.advance(1000 * 86_400_000);
    const body = { label: "red", consent: true, image: base64(red) };
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await sendFeedback(edge, body)).status);

    expect(statuses).toEqual([201, 201, 429]);
  });

  it("is deleted by its id, with its image", async () => {
    const { id } = parseWith(
      feedbackReceiptSchema,
      await (await sendFeedback(edge, { label: "red", consent: true, image: base64(red) })).json(),
      "the receipt",
    );

    expect((await edge.fetch(`/feedback/${id}`, { method: "DELETE" })).status).toBe(204);
    expect(await keptOf(edge)).toEqual([]);
    expect((await edge.fetch(`/feedback/${id}`, { method: "DELETE" })).status).toBe(404);
  });

  it("expires, but for what was accepted", async () => {
    const ids = [];
    for (let i = 0; i < 2; i++) {
      const response = await sendFeedback(edge, { label: "red", consent: true, image: base64(red) });
      ids.push(parseWith(feedbackReceiptSchema, await response.json(), "the receipt").id);
    }
    await sendReview(edge, ids[0] ?? "", { decision: "accept" });
    const { store, clock } = edge;

    edge.advance(30 * 86_400_000 - 1);
    await expireFeedback({ store, clock, log: silent });
    expect(await keptOf(edge)).toHaveLength(4);
    edge.advance(1);
    expect(await queueOf(edge)).toEqual([]);
    await expireFeedback({ store, clock, log: silent });
    expect(await keptOf(edge)).toHaveLength(2);
    expect(await queueOf(edge, "accepted")).toMatchObject([{ id: ids[0] }]);
  });
});

describe("the review", () => {
  let edge: Edge;
  let id: string;

  beforeEach(async () => {
    edge = await openWithFeedback(
      { ...feedbackOn, sampling: { uncertain: 0, unknown: 1, disagreement: 0 } },
      { editManifest: knowsNothing },
    );
    await edge.fetch("/classify", imagePost(red));
    id = (await queueOf(edge))[0]?.id ?? "";
  });

  it("accepts by a label, and then no longer lists it as waiting", async () => {
    expect(await (await sendReview(edge, id, { decision: "accept" })).json()).toMatchObject({
      status: 400,
      detail: expect.stringContaining("nobody said"),
    });
    const response = await sendReview(edge, id, { decision: "accept", label: "crimson" });

    expect(await response.json()).toMatchObject({ status: "accepted", label: "crimson" });
    expect(await queueOf(edge)).toEqual([]);
    expect(await queueOf(edge, "accepted")).toMatchObject([{ id, label: "crimson" }]);
  });

  it("discards with the image", async () => {
    await sendReview(edge, id, { decision: "discard" });

    expect((await keptOf(edge)).filter((key) => !key.endsWith(".json"))).toEqual([]);
    expect((await edge.fetch(`/feedback/${id}/image`)).status).toBe(404);
    expect(await queueOf(edge, "discarded")).toMatchObject([{ id, image: null }]);
  });

  it("deletes what it discards after its day, for which it was kept since it was accepted", async () => {
    await sendReview(edge, id, { decision: "accept", label: "crimson" });
    const { store, clock } = edge;
    edge.advance(31 * 86_400_000);
    await expireFeedback({ store, clock, log: silent });
    expect(await keptOf(edge)).toHaveLength(2);

    expect((await sendReview(edge, id, { decision: "discard" })).status).toBe(200);
    expect(await keptOf(edge)).toEqual([]);
  });

  it.each(["/feedback/nothing/image", `/feedback/20260131-${"0".repeat(32)}/image`])(
    "answers 404 at %s",
    async (path) => {
      expect((await edge.fetch(path)).status).toBe(404);
    },
  );
});
