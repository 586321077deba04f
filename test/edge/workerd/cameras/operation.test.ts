import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createImageCodec } from "../../../../shared/image/codec.ts";
import codecWasm from "../../../../shared/image/codec/codec.wasm";
import type { RecentFrame } from "../../../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../../../shared/contract/camera-event.ts";
import { drawPng } from "../../../fixtures/png.ts";
import { putKeys, testKey } from "../../../fixtures/api-keys.ts";
import { openEdge } from "../open-edge.ts";
import { addCamera, cameraKey, colours, json, openCamera, settle, type TestCamera } from "./open-cameras.ts";

/** Everything a site has on disk, as text. */
function dump(camera: TestCamera): Promise<string> {
  return runInDurableObject(camera.stub, (_, state) => {
    const tables = ["cameras", "events", "webhooks", "deliveries", "snapshots"];
    return JSON.stringify(tables.map((table) => state.storage.sql.exec(`SELECT * FROM ${table}`).toArray()));
  });
}

async function snapshotKeys(camera: TestCamera): Promise<string[]> {
  const { objects } = await env.MODELS.list({ prefix: `cameras/${camera.id}/` });
  return objects.map(({ key }) => key);
}

function snapshotOf([event]: readonly CameraEvent[]): string {
  const link = event?.type === "camera.state" ? event.snapshot : null;
  return link ?? "";
}

/** Reads messages of a stream until there are as many. */
async function read(response: Response, count: number): Promise<string[]> {
  const messages: string[] = [];
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (messages.length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    messages.push(...parts.filter((part) => part.includes("data:")));
  }
  await reader.cancel();
  return messages;
}

async function preview(camera: TestCamera, change: unknown): Promise<readonly RecentFrame[]> {
  const response = await camera.edge.fetch(`/cameras/${camera.id}/preview`, json(change));
  return (await response.json<{ frames: RecentFrame[] }>()).frames;
}

/** A picture with a colour in its middle and a chequered border. */
function framed(inside: keyof typeof colours): Uint8Array<ArrayBuffer> {
  return drawPng(96, 96, (x, y) => {
    if (x >= 24 && x < 72 && y >= 24 && y < 72) return colours[inside];
    return (x + y) % 2 === 0 ? [255, 255, 255] : [0, 0, 0];
  });
}

describe("a camera", () => {
  it("is made, listed, shown and edited, without its token after the first answer", async () => {
    const camera = await openCamera({ minProbability: 0.7 });
    await addCamera(camera.edge, camera.site, "door");
    const listed = await (await camera.edge.fetch(`/cameras?site=${camera.site}`)).text();
    expect(JSON.parse(listed)).toMatchObject({ cameras: [{ id: `${camera.site}.door` }, { id: camera.id }] });
    expect(listed).not.toContain(camera.token);

    const edited = await camera.edge.fetch(`/cameras/${camera.id}`, json({ vote: { k: 1, n: 1 } }, "PATCH"));
    expect(await edited.json()).toMatchObject({
      revision: 2,
      config: { minProbability: 0.7, vote: { k: 1, n: 1 }, dedup: { bits: 3 } },
    });
    expect((await camera.see("red")).state).toBe("red");
  });

  it.each([
    ["a name twice", "POST", "/cameras", (id: string) => ({ id }), 409],
    ["a name that is none", "POST", "/cameras", () => ({ id: "Gate!" }), 400],
    ["an unknown field", "PATCH", "/cameras/{id}", () => ({ colour: "red" }), 400],
    ["more votes than frames", "PATCH", "/cameras/{id}", () => ({ vote: { k: 9, n: 3 } }), 400],
    ["a camera that is not there", "PATCH", "/cameras/nobody", () => ({}), 404],
    ["a webhook elsewhere", "POST", "/sites/{site}/webhooks", () => ({ url: "https://evil.example/" }), 400],
    ["an event that is not there", "POST", "/sites/{site}/events/x/replay", () => ({}), 404],
  ])("is refused %s", async (_, method, path, body, status) => {
    const camera = await openCamera();
    const url = path.replace("{id}", camera.id).replace("{site}", camera.site);
    expect((await camera.edge.fetch(url, json(body(camera.id), method))).status).toBe(status);
  });

  it("is managed with the scope admin only; a key with the scope camera posts and listens", async () => {
    const edge = openEdge(undefined, undefined, { open: false, cameraKey });
    const admin = await testKey("aaaaaaaa", { scopes: ["admin"] });
    const poster = await testKey("bbbbbbbb", { scopes: ["camera"] });
    await putKeys(edge.store, admin, poster);
    const ask = async (path: string, key: string, init: RequestInit = {}): Promise<number> =>
      (await edge.fetch(path, { ...init, headers: { authorization: `Bearer ${key}` } })).status;
    const id = `keys-${crypto.randomUUID().slice(0, 8)}.gate`;
    expect(await ask("/cameras", poster.key, json({ id }))).toBe(403);
    expect(await ask("/cameras", admin.key, json({ id }))).toBe(201);
    for (const path of [`/cameras/${id}`, `/cameras/${id}/recent`, "/cameras", "/sites/keys/webhooks"]) {
      expect([path, await ask(path, poster.key)]).toEqual([path, 403]);
    }
    expect(await ask(`/cameras/${id}/events`, poster.key)).toBe(200);
    expect(await ask(`/cameras/${id}/frames`, poster.key, { method: "POST", body: "<xml/>" })).toBe(200);
    expect((await edge.fetch(`/cameras/${id}/frames`, { method: "POST" })).status).toBe(401);
  });

  it("is deleted with everything of it, while another one stays", async () => {
    const camera = await openCamera({ snapshots: { keepHours: 1 } });
    const other = await addCamera(camera.edge, camera.site, "door", { snapshots: { keepHours: 1 } });
    for (const each of [camera, other]) {
      await settle(each, "red");
      await settle(each, "blue");
    }
    expect(await snapshotKeys(camera)).toHaveLength(1);
    expect(await dump(camera)).toContain(camera.id);

    expect((await camera.edge.fetch(`/cameras/${camera.id}`, { method: "DELETE" })).status).toBe(204);
    expect(await dump(camera)).not.toContain(camera.id);
    expect(await snapshotKeys(camera)).toEqual([]);
    expect(await snapshotKeys(other)).toHaveLength(1);
    expect((await camera.edge.fetch(`/cameras/${camera.id}`)).status).toBe(404);
    expect((await camera.post({ method: "POST" })).status).toBe(401);
    expect((await other.see("blue")).state).toBe("blue");
  });

  it("leaves no trace of a site that was only asked for", async () => {
    const stub = env.CAMERA_SITES.getByName("never-made");
    expect(await stub.lookUp("never-made.gate")).toBeNull();
    const size = await runInDurableObject(
      stub,
      (_, state) => state.storage.sql.exec("SELECT * FROM sqlite_master").toArray().length,
    );
    expect(size).toBe(0);
  });
});

describe("snapshots", () => {
  it("are not kept unless told", async () => {
    const camera = await openCamera();
    await settle(camera, "red");
    expect(snapshotOf((await settle(camera, "blue")).events)).toBe("");
    expect(await snapshotKeys(camera)).toEqual([]);
  });

  it("are linked from the event until they expire, then deleted", async () => {
    const camera = await openCamera({ snapshots: { keepHours: 2 } });
    await settle(camera, "red");
    const link = snapshotOf((await settle(camera, "blue")).events);
    const shown = await camera.edge.fetch(link);
    expect([shown.status, shown.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect((await camera.edge.fetch(link.replace("signature=", "signature=0"))).status).toBe(404);
    expect((await camera.edge.fetch(link.replace(/expires=\d/, "expires=9"))).status).toBe(404);

    await camera.pass(7199);
    expect(await snapshotKeys(camera)).toHaveLength(1);
    await camera.pass(60);
    expect((await camera.edge.fetch(link)).status).toBe(404);
    expect(await snapshotKeys(camera)).toEqual([]);
  });

  it("show nothing recognisable outside the region when asked to", async () => {
    const region = { left: 0.25, top: 0.25, width: 0.5, height: 0.5 };
    const camera = await openCamera({ region, snapshots: { keepHours: 1, blurOutside: true } });
    let link = "";
    for (const colour of ["red", "red", "red", "blue", "blue", "blue"] as const) {
      camera.advance(1);
      const answer = await (
        await camera.post({ method: "POST", body: framed(colour) })
      ).json<{ events: CameraEvent[] }>();
      link = snapshotOf(answer.events) || link;
    }
    const kept = new Uint8Array(await (await camera.edge.fetch(link)).arrayBuffer());
    const { data } = createImageCodec(codecWasm).decode(kept, {
      width: 96,
      height: 96,
      fit: "stretch",
      cropFraction: 1,
      filter: "triangle",
      background: [0, 0, 0],
      denoise: "none",
    }).image;
    const pixel = (x: number, y: number): number[] =>
      Array.from(data.subarray((y * 96 + x) * 3, (y * 96 + x) * 3 + 3));
    expect(pixel(48, 48)).toEqual([0, 0, 255]);
    expect(pixel(2, 2)).toEqual(pixel(3, 2));
    expect(pixel(2, 2).every((value) => Math.abs(value - 128) < 3)).toBe(true);
  });
});

describe("those who listen", () => {
  it("hear events as they come, and what they missed when they come back", async () => {
    const camera = await openCamera();
    await settle(camera, "red");
    const headers = { accept: "text/event-stream" };
    const stream = await camera.edge.fetch(`/cameras/${camera.id}/events`, { headers });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const heard = read(stream, 1);
    const { events } = await settle(camera, "blue");
    const [message = ""] = await heard;
    const sequence = events[0]?.sequence ?? 0;
    expect(message).toContain(`id: ${sequence}\nevent: camera.state\ndata: ${JSON.stringify(events[0])}`);

    const later = await settle(camera, "green");
    const resumed = await camera.edge.fetch(`/cameras/${camera.id}/events`, {
      headers: { ...headers, "last-event-id": String(sequence) },
    });
    const [missed = ""] = await read(resumed, 1);
    expect(missed).toContain(later.events[0]?.id);
    expect(await camera.events(`?after=${sequence}`)).toEqual(later.events);
    expect(await camera.events("?limit=1")).toEqual(later.events);
  });

  it("see every frame where they ask for it", async () => {
    const camera = await openCamera();
    const stream = await camera.edge.fetch(`/cameras/${camera.id}/events?frames=1`, {
      headers: { accept: "text/event-stream" },
    });
    const heard = read(stream, 2);
    await camera.see("red");
    await camera.see("green");
    expect((await heard).map((message) => /"vote":"(\w+)"/.exec(message)?.[1])).toEqual(["red", "green"]);
  });
});

describe("a preview", () => {
  it("shows what the last frames would have meant, and changes nothing", async () => {
    const camera = await openCamera();
    for (const colour of ["red", "red", "red", "blue", "red", "red"] as const) await camera.see(colour);
    expect((await preview(camera, {})).map(({ state }) => state)).toEqual([
      null,
      null,
      "red",
      "red",
      "red",
      "red",
    ]);
    const eager = await preview(camera, { vote: { k: 1, n: 1 }, labels: { red: "shut" } });
    expect(eager.map(({ state }) => state)).toEqual(["shut", "shut", "shut", "blue", "shut", "shut"]);
    expect((await camera.show()).revision).toBe(1);
  });

  it("tries another region on frames that come with pictures, which they do while somebody watches", async () => {
    const camera = await openCamera({ vote: { k: 1, n: 1 }, dedup: null });
    const halves = drawPng(80, 60, (x) => (x < 40 ? colours.red : colours.green));
    await camera.edge.fetch(`/cameras/${camera.id}/recent`);
    for (let frame = 0; frame < 3; frame++) {
      camera.advance(1);
      await camera.post({ method: "POST", body: halves });
    }
    const region = { left: 0, top: 0, width: 0.5, height: 1 };
    const frames = await preview(camera, { region });
    expect(frames.map(({ vote }) => vote)).toEqual(["red", "red"]);
    const picture = await camera.edge.fetch(`/cameras/${camera.id}/pictures/${frames[0]?.picture}`);
    expect(new Uint8Array(await picture.arrayBuffer())).toEqual(halves);
  });
});
