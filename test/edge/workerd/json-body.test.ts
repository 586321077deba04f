import { beforeAll, describe, expect, it } from "vitest";
import { readFrames } from "../../../edge/cameras/read-frames.ts";
import { handMadeBundle, pureColours, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { feedbackOn } from "./open-feedback.ts";
import { imagePost, openEdge } from "./open-edge.ts";

const edge = openEdge(undefined, undefined, { feedback: feedbackOn });
const red = solidPng(40, 40, pureColours[0] ?? [0, 0, 0]);
const image = red.toBase64();

beforeAll(async () => {
  const bundle = await handMadeBundle({ model: edge.model });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
});

/** JSON of few bytes that would fill an isolate many times over, were there 20 MB of it. */
function listsOf(count: number): string {
  return `[${"[],".repeat(count)}[]]`;
}

function postJson(path: string, body: string): Promise<Response> {
  return edge.fetch(path, imagePost(body, "application/json"));
}

/** How many frames a camera's post has. */
async function imagesIn(body: string): Promise<number> {
  const { images } = await readFrames(new Request("https://edge/f/x/y", { method: "POST", body }));
  return images.length;
}

describe("a JSON body", () => {
  it.each([
    ["/classify", `{"image": "${image}", "topK": ${listsOf(50_000)}}`],
    ["/classify", `{"images": ${listsOf(50_000)}}`],
    ["/hf", `{"inputs": "${image}", "other": ${listsOf(50_000)}}`],
    ["/feedback", `{"label": "red", "consent": true, "image": "${image}", "other": ${listsOf(50_000)}}`],
    [`/v2/models/${edge.model}/infer`, `{"inputs": ${listsOf(700_000)}}`],
  ])("is refused before it is parsed where it has too many values: %s", async (path, body) => {
    const response = await postJson(path, body);

    expect(response.status).toBe(413);
    expect(await response.text()).toMatch(/so many values .* bytes of memory allowed; send \{/);
  });

  it("is refused by a problem that says what to send", async () => {
    const response = await postJson("/classify", `{"images": ${listsOf(50_000)}}`);

    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      code: "payload_too_large",
      detail: expect.stringContaining('send {"image": "<base64>"}'),
    });
  });

  it("may have a long text, whatever is in it, and as many pixels as a batch has", async () => {
    const noisy = `data:image/png;${"[,{:".repeat(40)},`;
    const text = await postJson("/classify", JSON.stringify({ image: `${noisy}${"[,{:".repeat(100_000)}` }));
    expect(await text.json()).toMatchObject({ code: "invalid_argument" });
    const pixels = `[${"0.5,".repeat(16 * 224 * 224 * 3 - 1)}0.5]`;
    const input = `{"name": "input", "datatype": "FP32", "shape": [16, 224, 224, 3], "data": ${pixels}}`;
    const tensor = await postJson(`/v2/models/${edge.model}/infer`, `{"inputs": [${input}]}`);
    // the model is smaller
    expect(tensor.status).toBe(400);
  });

  it("is no frame of a camera where it has too many values", async () => {
    const frame = `{"image": "${image}", "other": `;

    expect(await imagesIn(`${frame}${listsOf(10_000)}}`)).toBe(1);
    expect(await imagesIn(`${frame}${listsOf(200_000)}}`)).toBe(0);
    expect(await imagesIn(`image=${encodeURIComponent(image)}${"&a=1".repeat(900)}`)).toBe(1);
    expect(await imagesIn(`image=${encodeURIComponent(image)}${"&a=1".repeat(200_000)}`)).toBe(0);
  });
});
