import { drawPng } from "../../../fixtures/png.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { readFrames } from "../../../../edge/cameras/read-frames.ts";
import type { FramesAnswer } from "../../../../shared/contract/camera-api.ts";
import {
  addCamera,
  colours,
  openCamera,
  pictureOf,
  picturePost,
  settle,
  type TestCamera,
} from "./open-cameras.ts";
import { mjpeg, multipart, part, vendorPosts } from "./vendor-posts.ts";

/** A query that tells the camera's time. */
function timed(second: number): string {
  return `?at=2060-01-31T00:00:${String(second).padStart(2, "0")}Z`;
}

const named = vendorPosts("green").map((post) => [`${post.vendor}: ${post.what}`, post] as const);

describe("what cameras send", () => {
  let camera: TestCamera;

  beforeAll(async () => {
    camera = await openCamera({ dedup: null, rate: { perSecond: 1000, burst: 1000 } });
  });

  it.each(named)("is answered 200 and understood. %s", async (_, { init, path, images }) => {
    camera.advance(60);
    const response = await camera.post(init, path);
    const answer = await response.json<FramesAnswer & Record<string, unknown>>();

    expect(response.status).toBe(200);
    expect(answer).toMatchObject({ result: true, camera: camera.id });
    expect(answer.frames.map(({ predictions }) => predictions?.[0]?.label)).toEqual(
      Array(images).fill("green"),
    );
    const scene = { success: true, label: "green", confidence: expect.closeTo(1, 1) };
    expect(answer).toMatchObject(path === "/v1/vision/scene" ? scene : {});
  });

  it.each(named.filter(([, { at }]) => at !== undefined))(
    "tells the camera's time. %s",
    async (_, { init, at }) => {
      const { at: found } = await readFrames(new Request("https://edge/f/x/y", init));
      expect(found).toBe(Date.parse(at ?? ""));
    },
  );

  it.each(named)(
    "is refused with 401 and not read under a wrong token. %s",
    async (_, { init, path = "" }) => {
      const request = new Request(`http://localhost/f/${camera.id}/AAAAAAAAAAAAAAAA${path}`, init);
      const response = await camera.edge.fetch(request);

      expect(response.status).toBe(401);
      expect(request.bodyUsed).toBe(false);
    },
  );

  it("is read frame by frame where it is an MJPEG stream", async () => {
    camera.advance(60);
    const pictures = ["red", "red", "blue", "blue", "blue"] as const;
    const answer = await (await camera.post(mjpeg(pictures.map(pictureOf), 777))).json<FramesAnswer>();

    expect(answer.frames.map(({ predictions }) => predictions?.[0]?.label)).toEqual(pictures);
    expect(answer.state).toBe("blue");
  });

  it("says of a picture that does not decode what is wrong, without refusing the post", async () => {
    camera.advance(60);
    const broken = pictureOf("red").slice(0, 60);
    const response = await camera.post({ method: "POST", body: broken });
    const { frames } = await response.json<FramesAnswer>();

    expect(response.status).toBe(200);
    expect(frames).toMatchObject([{ outcome: "failed", problem: { code: "invalid_image" } }]);
  });
});

describe("who may post", () => {
  it("is a camera by its path, or by Basic with its token of 16 characters as the password", async () => {
    const camera = await openCamera();
    expect(camera.token).toMatch(/^[\w-]{16}$/);
    expect(`/f/${camera.id}/${camera.token}`.length).toBeLessThan(70);

    const basic = `Basic ${btoa(`${camera.id}:${camera.token}`)}`;
    const headers = { authorization: basic, "content-type": "image/png" };
    const framed = await camera.edge.fetch(`/cameras/${camera.id}/frames`, {
      ...picturePost("red"),
      headers,
    });
    expect(await framed.json()).toMatchObject({ frames: [{ outcome: "classified" }] });
    const alive = await camera.edge.fetch("/PictureHttpUpload/keepalive", { headers });
    expect(await alive.json()).toMatchObject({ result: true });
  });

  it("is not another camera's token, nor a name that does not exist, and both are told the same", async () => {
    const camera = await openCamera();
    const other = await addCamera(camera.edge, camera.site, "door");
    const wrong = await camera.edge.fetch(`/f/${camera.id}/${other.token}`, picturePost("red"));
    const nobody = await camera.edge.fetch(`/f/${camera.site}.nobody/${camera.token}`, picturePost("red"));
    const unheard = await camera.edge.fetch(`/f/No%20Name/${camera.token}`, picturePost("red"));

    const details = await Promise.all(
      [wrong, nobody, unheard].map((response) => response.json<{ detail: string }>()),
    );
    expect([wrong, nobody, unheard].map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set(details.map(({ detail }) => detail)).size).toBe(1);
  });

  it("is nobody by an old token once it is rotated out, at once where there is no overlap", async () => {
    const camera = await openCamera();
    const old = camera.token;
    await camera.see("red");
    const rotated = await camera.edge.fetch(`/cameras/${camera.id}/rotate`, {
      method: "POST",
      body: JSON.stringify({ overlapSeconds: 60 }),
    });
    camera.token = (await rotated.json<{ token: string }>()).token;

    expect((await camera.post(picturePost("red"))).status).toBe(200);
    expect((await camera.edge.fetch(`/f/${camera.id}/${old}`, picturePost("red"))).status).toBe(200);
    camera.advance(61);
    expect((await camera.edge.fetch(`/f/${camera.id}/${old}`, picturePost("red"))).status).toBe(401);

    const leaked = camera.token;
    await camera.stub.rotate(camera.id, 0);
    // the isolate still remembers the token; the site does not
    expect((await camera.edge.fetch(`/f/${camera.id}/${leaked}`, picturePost("red"))).status).toBe(401);
  });

  it("never finds a token in the log", async () => {
    const camera = await openCamera();
    await camera.see("red");
    await camera.edge.fetch(`/f/${camera.id}/${camera.token}x`, picturePost("red"));
    const logged = JSON.stringify(camera.edge.logged);
    expect(logged).toContain("/f/:camera/:token");
    expect(logged).not.toContain(camera.token);
  });
});

describe("frames", () => {
  it("that show what the last two showed are not classified again, and say so", async () => {
    const camera = await openCamera();
    const outcomes = [];
    for (const colour of ["red", "red", "red", "blue", "blue", "blue"] as const)
      outcomes.push((await camera.see(colour)).frames[0]?.outcome);
    const thrice = ["classified", "classified", "reused"];
    expect(outcomes).toEqual([...thrice, ...thrice]);
    camera.advance(31);
    expect((await camera.see("blue")).frames[0]?.outcome).toBe("classified");
  });

  it("older than others by the camera's clock are dropped with the reason", async () => {
    const camera = await openCamera();
    await camera.see("red", timed(10));
    expect((await camera.see("red", timed(8))).frames).toMatchObject([
      { outcome: "dropped", reason: "out_of_order" },
    ]);
    expect((await camera.see("red", timed(12))).frames[0]?.outcome).toBe("reused");
  });

  it("of a burst are classified from the newest, and no more than allowed", async () => {
    const camera = await openCamera({ burstFrames: 3, dedup: null });
    const seven = ["red", "red", "red", "red", "blue", "blue", "blue"] as const;
    const body = multipart(
      "mixed",
      "b",
      seven.map((colour) => part(null, "image/jpeg", pictureOf(colour))),
    );
    const { frames } = await (await camera.post(body)).json<FramesAnswer>();
    expect(frames.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
      ...Array(4).fill("burst"),
      ...Array(3).fill("classified"),
    ]);
  });

  it("that come at once are passed over for newer ones", async () => {
    const camera = await openCamera({ burstFrames: 2 });
    for (let i = 0; i < 2; i++) await camera.see("red");
    const body = pictureOf("red");
    // as HTTP sends it; bodies of unknown length come in by twos
    const sent = { method: "POST", body, headers: { "content-length": String(body.byteLength) } };
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => (await camera.post(sent)).json<FramesAnswer>()),
    );
    const outcomes = answers.map(({ frames: [frame] }) => frame?.reason ?? frame?.outcome);
    expect(outcomes.filter((outcome) => outcome === "reused")).toHaveLength(2);
    expect(outcomes.filter((outcome) => outcome === "burst")).toHaveLength(4);
  });

  it("are read only in their region", async () => {
    const region = { left: 0.5, top: 0, width: 0.5, height: 1 };
    const camera = await openCamera({ region });
    const halves = drawPng(80, 60, (x) => (x < 40 ? colours.red : colours.green));
    const { frames } = await (await camera.post({ method: "POST", body: halves })).json<FramesAnswer>();
    expect(frames[0]?.predictions?.[0]?.label).toBe("green");
  });

  it("outside the schedule, or sooner than they are sampled, are passed over", async () => {
    const windows = [{ days: [6], from: "00:00", to: "00:01" }];
    const camera = await openCamera({ schedule: { timeZone: "UTC", windows }, sampleSeconds: 5 });
    const reasons = [];
    for (let second = 0; second < 4; second++) reasons.push((await camera.see("red")).frames[0]?.reason);
    expect(reasons).toEqual([undefined, "sampling", "sampling", "sampling"]);
    camera.advance(60);
    expect((await camera.see("red")).frames[0]?.reason).toBe("schedule");
  });

  it("change the state as configured: labels are mapped and votes counted", async () => {
    const camera = await openCamera({
      labels: { red: "shut", blue: "open", green: null },
      vote: { k: 2, n: 3 },
    });
    await settle(camera, "red");
    expect((await camera.show()).state.label).toBe("shut");
    await camera.see("green");
    await camera.see("green");
    const first = await camera.see("blue");
    const second = await camera.see("blue");
    expect([first.state, second.state]).toEqual(["shut", "open"]);
    expect(second.events).toMatchObject([
      { type: "camera.state", label: "open", previous: "shut", snapshot: null },
    ]);
    expect(await camera.events()).toEqual(second.events);
  });
});
