import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalWorker, startLocalWorker } from "../../../trainer/serving/local-worker.ts";
import { buildWorkerArtefact, type WorkerArtefact } from "../../../trainer/serving/worker-artefact.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { type Rgb, solidPng } from "../../fixtures/png.ts";

interface Delivered {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const red = solidPng(40, 30, [255, 0, 0] satisfies Rgb);
const blue = solidPng(40, 30, [0, 0, 255] satisfies Rgb);

describe("cameras of a Worker that is restarted", () => {
  let folder: string;
  let artefact: WorkerArtefact;
  let receiver: Server;
  let port: number;
  let status = 503;
  const posts: Delivered[] = [];
  const key = randomBytes(32).toString("base64");

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewise-restart-"));
    artefact = await buildWorkerArtefact(join(folder, "worker"));
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        posts.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(status).end();
        receiver.emit("delivered");
      });
    });
    receiver.listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const address = receiver.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });

  afterAll(async () => {
    receiver?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<LocalWorker> {
    const worker = await startLocalWorker(artefact, {
      port: 0,
      host: "127.0.0.1",
      open: true,
      vars: { MODEL: "colours", WEBHOOK_HOSTS: "127.0.0.1", CAMERA_KEY: key },
      stateFolder: join(folder, "state"),
    });
    const bundle = await handMadeBundle({ model: "colours" });
    await putVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, bundle);
    return worker;
  }

  it("finish the vote they began, and deliver what waited, signed, under one id", async () => {
    const first = await start();
    const made = await fetch(`${first.url}/cameras`, {
      method: "POST",
      body: JSON.stringify({ id: "gate", config: { clock: "camera" } }),
    });
    const { path } = (await made.json()) as { path: string };
    const added = await fetch(`${first.url}/sites/default/webhooks`, {
      method: "POST",
      body: JSON.stringify({ url: `http://127.0.0.1:${port}/in` }),
    });
    const { secret } = (await added.json()) as { secret: string };
    const frames = [red, red, red, blue];
    for (const [i, frame] of frames.entries()) {
      await fetch(`${first.url}${path}?at=${1e12 + i * 1000}`, { method: "POST", body: frame });
    }
    await first.stop();

    const restarted = await start();
    const events: { id: string }[] = [];
    for (const second of [10, 11]) {
      const answer = await fetch(`${restarted.url}${path}?at=${1e12 + second * 1000}`, {
        method: "POST",
        body: blue,
      });
      events.push(...((await answer.json()) as { events: { id: string }[] }).events);
    }
    expect(events).toMatchObject([{ label: "blue", previous: "red" }]);
    while (posts.length === 0) await once(receiver, "delivered");
    await restarted.stop();

    status = 204;
    const refused = posts.length;
    const third = await start();
    while (posts.length === refused) await once(receiver, "delivered");
    // The site hears the receiver's answer a moment after the receiver gave it.
    let waiting = 1;
    while (waiting > 0) {
      const left = await fetch(`${third.url}/sites/default/deliveries`);
      waiting = ((await left.json()) as { deliveries: unknown[] }).deliveries.length;
    }
    await third.stop();

    expect(new Set(posts.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([events[0]?.id]));
    for (const { headers, body } of posts) {
      const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
      const mac = createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
        .update(signed)
        .digest("base64");
      expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
    }
  });
});
