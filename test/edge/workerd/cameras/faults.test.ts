import { describe, expect, it } from "vitest";
import type { FramesAnswer } from "../../../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../../../shared/contract/camera-event.ts";
import { addCamera, json, openCamera, pictureOf, picturePost, settle } from "./open-cameras.ts";
import { Receiver } from "./receiver.ts";

function labelsOf(events: Iterable<CameraEvent>): string[] {
  return [...events].flatMap((event) => (event.type === "camera.state" ? [event.label] : []));
}

/** A query that tells the camera's time. */
function timed(second: number, from: string): string {
  return `?at=${Date.parse(from) + second * 1000}`;
}

describe("what goes wrong with cameras", () => {
  it("loses no event when the object restarts at any point of a burst", async () => {
    const camera = await openCamera();
    const receiver = new Receiver(camera.edge.clock);
    const url = "https://hooks.example.com/in";
    const added = await camera.edge.fetch(`/sites/${camera.site}/webhooks`, json({ url }));
    receiver.secrets.set(url, (await added.json<{ secret: string }>()).secret);
    await camera.listen(receiver);
    const told: string[] = [];
    const seen = [
      "red",
      "red",
      "red",
      "blue",
      "blue",
      "blue",
      "red",
      "red",
      "red",
      "green",
      "green",
      "green",
    ] as const;
    for (const colour of seen) {
      told.push(...labelsOf((await camera.see(colour)).events));
      await camera.restart();
    }
    await camera.pass(5);

    expect(told).toEqual(["blue", "red", "green"]);
    expect(labelsOf(receiver.events.values())).toEqual(told);
    expect(receiver.posts).toHaveLength(3);
    expect(receiver.forged).toBe(0);
  });

  it("takes frames of a camera whose clock is years off, and follows when it is set", async () => {
    const camera = await openCamera();
    for (let second = 0; second < 3; second++) await camera.see("red", timed(second, "2001-01-01T00:00:00Z"));
    expect((await camera.show()).state.label).toBe("red");
    const outcomes: (string | undefined)[] = [];
    for (let second = 0; second < 6; second++) {
      const { frames } = await camera.see("blue", timed(second, "2000-01-01T00:00:00Z"));
      outcomes.push(frames[0]?.reason);
    }
    expect(outcomes).toEqual(["out_of_order", "out_of_order", undefined, undefined, undefined, undefined]);
    expect((await camera.show()).state.label).toBe("blue");
  });

  it("closes a leaked token at once, whoever uses it, while the camera goes on with its new one", async () => {
    const camera = await openCamera();
    const leaked = camera.token;
    await settle(camera, "red");
    const rotated = await camera.edge.fetch(`/cameras/${camera.id}/rotate`, json({ overlapSeconds: 0 }));
    camera.token = (await rotated.json<{ token: string }>()).token;
    const thief = await Promise.all(
      Array.from({ length: 10 }, () => camera.edge.fetch(`/f/${camera.id}/${leaked}`, picturePost("blue"))),
    );
    expect(new Set(thief.map(({ status }) => status))).toEqual(new Set([401]));
    expect((await settle(camera, "red")).state).toBe("red");
    expect(await camera.events()).toEqual([]);
  });

  it("keeps the flood of one camera from every other one", async () => {
    const camera = await openCamera({ rate: { perSecond: 2, burst: 4 } });
    const other = await addCamera(camera.edge, camera.site, "door");
    await settle(other, "red");
    const large = new Uint8Array(64 * 1024);
    large.set(pictureOf("green"));
    const flood = Array.from({ length: 200 }, () => camera.post({ method: "POST", body: large }));
    const answers: FramesAnswer[] = [];
    for (const colour of ["blue", "blue", "blue"] as const) answers.push(await other.see(colour));
    const statuses = await Promise.all(flood.map(async (response) => (await response).status));

    expect(answers.map(({ frames }) => frames[0]?.outcome)).toEqual(["classified", "classified", "reused"]);
    expect(labelsOf(answers.flatMap(({ events }) => events))).toEqual(["blue"]);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(100);
    // an event without a frame is answered all the same
    expect((await camera.post({ method: "POST", body: "<EventNotificationAlert/>" })).status).toBe(200);
    camera.advance(10);
    expect((await camera.see("green")).frames[0]?.predictions?.[0]?.label).toBe("green");
  });

  it("tells how long a camera that sends too much should wait", async () => {
    const camera = await openCamera({ rate: { perSecond: 0.1, burst: 1 } });
    const large = new Uint8Array(64 * 1024);
    large.set(pictureOf("green"));
    await camera.post({ method: "POST", body: large });
    const refused = await camera.post({ method: "POST", body: large });
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("10");
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
  });

  it("tells that a camera fell silent, and that it is back", async () => {
    const camera = await openCamera({ offlineSeconds: 30 });
    await settle(camera, "red");
    await camera.pass(29);
    expect(await camera.events()).toEqual([]);
    await camera.pass(5);
    expect((await camera.show()).health.faults).toEqual(["offline"]);
    await camera.see("red");
    const health = (await camera.events()).map((event) =>
      event.type === "camera.health" ? event.active : null,
    );
    expect(health).toEqual([false, true]);
  });
});
