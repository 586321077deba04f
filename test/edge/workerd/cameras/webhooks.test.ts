import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { openCameraKeys } from "../../../../edge/cameras/camera-key.ts";
import { parseWebhookUrl } from "../../../../edge/cameras/webhook-target.ts";
import { signWebhook } from "../../../../edge/cameras/webhook-signature.ts";
import type { Delivery } from "../../../../shared/contract/camera-api.ts";
import { cameraKey, json, openCamera, settle, type TestCamera } from "./open-cameras.ts";
import { Receiver } from "./receiver.ts";

const url = "https://hooks.example.com/in";

/** A camera whose events go to a receiver. */
async function openWatched(target = url): Promise<{ camera: TestCamera; receiver: Receiver }> {
  const camera = await openCamera({ offlineSeconds: 86_400 });
  const receiver = new Receiver(camera.edge.clock);
  await addTarget(camera, receiver, target);
  await camera.listen(receiver);
  return { camera, receiver };
}

async function addTarget(camera: TestCamera, receiver: Receiver, target: string): Promise<string> {
  const response = await camera.edge.fetch(`/sites/${camera.site}/webhooks`, json({ url: target }));
  expect(response.status).toBe(201);
  const { id, secret } = await response.json<{ id: string; secret: string }>();
  receiver.secrets.set(target, secret);
  return id;
}

async function deliveries(camera: TestCamera): Promise<readonly Delivery[]> {
  const response = await camera.edge.fetch(`/sites/${camera.site}/deliveries`);
  return (await response.json<{ deliveries: Delivery[] }>()).deliveries;
}

describe("webhooks", () => {
  it("tell of a change once, signed, with label, probability and the state before, and follow no redirect", async () => {
    const { camera, receiver } = await openWatched();
    await settle(camera, "red");
    await camera.pass(1);
    expect(receiver.posts).toEqual([]);

    const { events } = await settle(camera, "blue");
    await camera.pass(1);
    expect([...receiver.events.values()]).toEqual(events);
    expect(events).toMatchObject([
      {
        type: "camera.state",
        camera: camera.id,
        label: "blue",
        previous: "red",
        probability: expect.closeTo(1, 1),
      },
    ]);
    expect(receiver.posts).toMatchObject([{ redirect: "manual" }]);
    expect(await deliveries(camera)).toEqual([]);
  });

  it("reach a receiver that was down for an hour, each under one id, none forged", async () => {
    const { camera, receiver } = await openWatched();
    await settle(camera, "red");
    receiver.status = "nothing";
    for (const colour of ["blue", "red", "green", "red", "blue"] as const) {
      await settle(camera, colour);
      await camera.pass(700);
    }
    expect(receiver.events.size).toBe(0);
    const tried = receiver.posts.length;
    expect(tried).toBeGreaterThan(10);
    // backs off: not every minute
    expect(tried).toBeLessThan(60);

    receiver.status = 200;
    await camera.pass(3700);
    const labels = [...receiver.events.values()].flatMap((event) =>
      event.type === "camera.state" ? [event.label] : [],
    );
    expect(labels.toSorted()).toEqual(["blue", "blue", "green", "red", "red"]);
    expect(receiver.forged).toBe(0);
    expect(await deliveries(camera)).toEqual([]);
    // at least once, and here no more: one post accepted for each id
    const accepted = receiver.posts.slice(tried).map(({ id }) => id);
    expect(new Set(accepted).size).toBe(accepted.length);
  });

  it("are given up after a day, and replayed by the id of their event", async () => {
    const { camera, receiver } = await openWatched();
    await settle(camera, "red");
    receiver.status = 503;
    const { events } = await settle(camera, "blue");
    const id = events[0]?.id ?? "";
    await camera.pass(30 * 3600);
    const mine = (await deliveries(camera)).filter(({ event }) => event === id);
    expect(mine).toMatchObject([{ status: "dead", nextAt: null, lastError: "HTTP 503" }]);
    const postsOf = (): number => receiver.posts.filter((post) => post.id === id).length;
    const tried = postsOf();
    await camera.pass(48 * 3600);
    expect(postsOf()).toBe(tried);

    receiver.status = 200;
    expect(
      (await camera.edge.fetch(`/sites/${camera.site}/events/${id}/replay`, { method: "POST" })).status,
    ).toBe(202);
    await camera.pass(1);
    expect([...receiver.events.keys()]).toEqual([id]);
    expect((await deliveries(camera)).map(({ event }) => event)).not.toContain(id);
  });

  it("go on to the other targets and events when one is refused or redirected", async () => {
    const { camera, receiver } = await openWatched();
    const other = "https://other.wild.example/in";
    const second = new Receiver(camera.edge.clock);
    await addTarget(camera, second, other);
    const both = {
      receive: (to: string, init: RequestInit) => (to === url ? receiver : second).receive(to, init),
    };
    await camera.listen(Object.assign(new Receiver(camera.edge.clock), both));
    receiver.status = 302;
    await settle(camera, "red");
    await settle(camera, "blue");
    await settle(camera, "red");
    await camera.pass(600);

    expect(second.events.size).toBe(2);
    expect(receiver.events.size).toBe(0);
    expect((await deliveries(camera)).map(({ lastError }) => lastError)).toEqual(["HTTP 302", "HTTP 302"]);
    expect(receiver.posts.every((post) => post.url === url)).toBe(true);
  });

  it("survive a restart of the object between the event and its delivery", async () => {
    const { camera, receiver } = await openWatched();
    await settle(camera, "red");
    await camera.see("blue");
    await camera.see("blue");
    // two of three votes are cast
    await camera.restart();
    const { events } = await camera.see("blue");
    expect(events).toMatchObject([{ label: "blue", previous: "red" }]);
    await camera.restart();
    await camera.pass(1);

    expect([...receiver.events.keys()]).toEqual(events.map(({ id }) => id));
    expect(receiver.posts).toHaveLength(1);
  });

  it("keep secrets sealed, and tokens hashed", async () => {
    const { camera, receiver } = await openWatched();
    const rows = await runInDurableObject(camera.stub, (_, state) =>
      JSON.stringify(
        ["cameras", "webhooks"].map((table) => state.storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
      ),
    );
    const secret = receiver.secrets.get(url) ?? "none";
    expect(rows).toContain(url);
    expect(rows).not.toContain(secret.slice(6, 20));
    expect(rows).not.toContain(camera.token);
    const listed = await (await camera.edge.fetch(`/sites/${camera.site}/webhooks`)).text();
    expect(listed).not.toContain("whsec_");
  });

  it("are refused where the Worker has no secret to seal with", async () => {
    await expect(openCameraKeys(undefined)).rejects.toThrow("CAMERA_KEY");
    await expect(openCameraKeys("c2hvcnQ=")).rejects.toThrow("32 bytes");
    const keys = await openCameraKeys(cameraKey);
    const sealed = await keys.seal("text", "one");
    expect(await keys.open(sealed, "one")).toBe("text");
    await expect(keys.open(sealed, "other")).rejects.toThrow("sealed with another");
  });

  it("sign as the specification's own example does", async () => {
    // Standard Webhooks 1.0.0, libraries/*/test: the vector that all of its libraries share
    const headers = await signWebhook(
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      "msg_p5jXN8AQM9LWM0D4loKWxJek",
      1_614_265_330_000,
      '{"test": 2432232314}',
    );
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });
});

describe("parseWebhookUrl", () => {
  const hosts = ["hooks.example.com", "*.wild.example"];

  it.each([
    "https://hooks.example.com/a?b=c",
    "https://hooks.example.com:8443/",
    "https://a.wild.example/",
    "https://a.b.wild.example/",
  ])("allows %s", (target) => {
    expect(parseWebhookUrl(target, hosts).href).toBe(target);
  });

  it.each([
    ["http://hooks.example.com/", "not https"],
    ["ftp://hooks.example.com/", "not https"],
    ["nonsense", "no URL"],
    ["https://elsewhere.example/", "not one of those"],
    ["https://wild.example/", "not one of those"],
    ["https://evilwild.example/", "not one of those"],
    ["https://user:pass@hooks.example.com/", "credentials"],
    ["https://hooks.example.com/#x", "fragment"],
    ["https://127.0.0.1/", "address"],
    ["https://0x7f.1/", "address"],
    ["https://2130706433/", "address"],
    ["https://192.168.1.5/", "address"],
    ["https://8.8.8.8/", "address"],
    ["https://[::1]/", "address"],
    ["https://[fd00::1]/", "address"],
    ["https://localhost/", "private"],
    ["https://nas/", "private"],
    ["https://nas.local/", "private"],
    ["https://a.localhost./", "private"],
    ["https://metadata.google.internal/", "private"],
    ["http://127.0.0.1:8080/", "not https"],
  ])("refuses %s", (target, reason) => {
    expect(() => parseWebhookUrl(target, hosts)).toThrow(reason);
  });

  it("allows this machine only where the list names it", () => {
    expect(parseWebhookUrl("http://127.0.0.1:8080/x", ["127.0.0.1"]).hostname).toBe("127.0.0.1");
    expect(() => parseWebhookUrl("http://localhost/", ["127.0.0.1"])).toThrow("not https");
    expect(() => parseWebhookUrl("https://10.0.0.1/", ["10.0.0.1"])).toThrow("address");
  });
});
