import { beforeEach, describe, expect, it } from "vitest";
import { BodyBudget } from "../../../../edge/overload/body-budget.ts";
import { handMadeBundle, putAlias, putVersion } from "../../../fixtures/hand-made-bundle.ts";
import { createGate } from "../../../fixtures/gate.ts";
import { openEdge } from "../open-edge.ts";
import { addCamera, cameraKey, pictureOf, type TestCamera } from "./open-cameras.ts";
import { mjpeg } from "./vendor-posts.ts";

const budgetBytes = 10_000_000;
let camera: TestCamera;
let bodies: BodyBudget;

/** A picture whose post tells another length than it has. */
function posted(contentLength: number): RequestInit {
  const headers = { "content-type": "image/png", "content-length": String(contentLength) };
  return { method: "POST", body: pictureOf("red"), headers };
}

beforeEach(async () => {
  // who finds no room is refused at once
  bodies = new BodyBudget({ clock: () => 0, wait: () => Promise.resolve(), budgetBytes });
  const edge = openEdge(undefined, undefined, { cameraKey }, undefined, { services: { bodies } });
  edge.advance(Date.parse("2060-01-31T00:00:00Z") - edge.clock());
  const bundle = await handMadeBundle({ model: edge.model });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
  camera = await addCamera(edge, `room-${crypto.randomUUID().slice(0, 8)}`, "gate", { dedup: null });
});

async function whileOthersHold(bytes: number, work: () => Promise<Response>): Promise<Response> {
  const gate = createGate();
  const other = new Request("http://localhost", posted(bytes));
  const held = bodies.hold(other, () => gate.opened);
  const response = await work();
  gate.open();
  await held;
  return response;
}

function basic(path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Basic ${btoa(`${camera.id}:${camera.token}`)}`);
  return camera.edge.fetch(path, { ...init, headers });
}

describe("the bodies that cameras post", () => {
  it.each([
    ["by its path", () => camera.post(posted(5_000_000))],
    ["by Basic", () => basic(`/cameras/${camera.id}/frames`, posted(5_000_000))],
  ])("wait for room like all others: 503 where there is none. %s", async (_, post) => {
    const refused = await whileOthersHold(6_000_000, post);
    camera.advance(60);
    const taken = await whileOthersHold(4_000_000, post);

    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "overloaded" });
    expect(await taken.json()).toMatchObject({ frames: [{ outcome: "classified" }] });
  });

  it("take their room once, where an API key lets them in too", async () => {
    const response = await camera.edge.fetch(`/cameras/${camera.id}/frames`, posted(9_000_000));

    expect(await response.json()).toMatchObject({ frames: [{ outcome: "classified" }] });
  });

  it("are always read where they are events or streams, which may never end", async () => {
    const event = await whileOthersHold(budgetBytes, () => camera.post(posted(30_000)));
    camera.advance(60);
    const stream = await whileOthersHold(budgetBytes, () => camera.post(mjpeg([pictureOf("red")], 777)));

    expect(await event.json()).toMatchObject({ frames: [{ outcome: "classified" }] });
    expect(await stream.json()).toMatchObject({ frames: [{ outcome: "classified" }] });
  });
});
