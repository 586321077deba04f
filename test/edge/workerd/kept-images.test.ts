import { describe, expect, it } from "vitest";
import type { FeedbackSettings } from "../../../edge/feedback/feedback-settings.ts";
import photo from "../../fixtures/images/baseline-444.jpg?inline";
import { putKeys, testKey } from "../../fixtures/api-keys.ts";
import { concatenate, drawPng } from "../../fixtures/png.ts";
import { type Edge, imagePost } from "./open-edge.ts";
import { base64, feedbackOn, keptOf, knowsNothing, openWithFeedback, sendFeedback } from "./open-feedback.ts";

const place = "GPS 52.5200 N 13.4050 E";
const sampleAll: FeedbackSettings = {
  ...feedbackOn,
  sampling: { uncertain: 1, unknown: 1, disagreement: 1 },
};

/** A JPEG with an EXIF segment that tells where it was taken. */
function located(): Uint8Array<ArrayBuffer> {
  const jpeg = Uint8Array.from(atob(photo.split(",")[1] ?? ""), (character) => character.charCodeAt(0));
  const body = new TextEncoder().encode(`Exif\0\0${place}`);
  const segment = concatenate([Uint8Array.of(0xff, 0xe1, 0, body.length + 2), body]);
  return concatenate([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}

/** Everything that the store has of an edge's feedback, as text. */
async function dump(edge: Edge): Promise<string> {
  const objects = await Promise.all((await keptOf(edge)).map((key) => edge.store.get(key)));
  return objects
    .map((object) => (object.kind === "found" ? new TextDecoder("latin1").decode(object.bytes) : ""))
    .join();
}

/** Stripes that the hash can tell from others. */
function stripes(count: number): Uint8Array<ArrayBuffer> {
  return drawPng(72, 64, (x) => (Math.floor((x / 72) * count * 2) % 2 === 0 ? [255, 0, 0] : [40, 0, 0]));
}

describe("an image that is kept", () => {
  it.each<readonly [string, (edge: Edge, image: Uint8Array<ArrayBuffer>) => Promise<Response>]>([
    [
      "sent as feedback",
      (edge, image) => sendFeedback(edge, { label: "red", consent: true, image: base64(image) }),
    ],
    ["sampled", (edge, image) => edge.fetch("/classify", imagePost(image, "image/jpeg"))],
  ])("does not tell where it was taken: %s", async (_, send) => {
    const edge = await openWithFeedback(sampleAll, { editManifest: knowsNothing });
    const image = located();
    expect(new TextDecoder("latin1").decode(image)).toContain(place);
    expect((await send(edge, image)).ok).toBe(true);

    const kept = await dump(edge);
    expect(kept).toContain("JFIF");
    expect(kept).not.toContain(place);
  });

  it("is one of no more than the cap of its key in a day; another key has its own", async () => {
    const settings = { ...sampleAll, dailyCap: 2 };
    const edge = await openWithFeedback(
      settings,
      { editManifest: knowsNothing },
      { settings: { open: false } },
    );
    const [one, two] = [await testKey("000000e1"), await testKey("000000e2")];
    await putKeys(edge.store, one, two);
    const ask = async (key: string, count: number): Promise<void> => {
      const { body, method } = imagePost(stripes(count));
      const headers = { "content-type": "image/png", "x-api-key": key, "x-request-id": `ask-${count}` };
      const init = { body: body ?? null, method: method ?? "POST", headers };
      expect((await edge.fetch("/classify", init)).status).toBe(200);
    };
    const images = async (): Promise<number> =>
      (await keptOf(edge)).filter((key) => key.endsWith(".png")).length;

    for (const count of [1, 2, 3, 4]) await ask(one.key, count);
    expect(await images()).toBe(2);
    await ask(two.key, 5);
    expect(await images()).toBe(3);
  });
});
