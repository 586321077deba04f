import { createHash } from "node:crypto";
import { mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type BridgeConfig, parseBridgeConfig } from "../../../edge/bridge/bridge-config.ts";
import { answerChallenge } from "../../../edge/bridge/http-digest.ts";
import { createMotionGate } from "../../../edge/bridge/motion-gate.ts";
import { runBridge } from "../../../edge/bridge/run-bridge.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { drawPng } from "../../fixtures/png.ts";
import { type LanServer, type PostedTo, serveLan, servePosts, swiftPorts } from "./lan.ts";

const codec = loadCodec();
const opened: { close(): void }[] = [];

afterEach(() => {
  for (const server of opened.splice(0)) server.close();
});

async function opening<T extends { close(): void }>(server: Promise<T>): Promise<T> {
  const one = await server;
  opened.push(one);
  return one;
}

/** A frame of noise with a square at `x`; no two have the same noise. */
function frame(x: number, seed = 1): Buffer {
  return Buffer.from(
    drawPng(64, 48, (column, row) => {
      const grey = 40 + column * 2 + ((column * 7 + row * 13 + seed * 29) % 5);
      return column >= x && column < x + 10 && row > 10 && row < 30 ? [250, 250, 240] : [grey, grey, grey];
    }),
  );
}

function configOf(worker: LanServer, source: object, motion: object | null = null): BridgeConfig {
  const camera = { camera: "gate", token: "abcdefghijklmnop", source, motion };
  return parseBridgeConfig(JSON.stringify({ url: worker.url, cameras: [camera] }), {});
}

/** Runs a bridge until so many frames arrived. */
async function bridged(
  worker: PostedTo,
  config: BridgeConfig,
  count: number,
): Promise<ReturnType<typeof swiftPorts>> {
  const ports = swiftPorts();
  const stopping = new AbortController();
  const running = runBridge(config, codec, ports, stopping.signal);
  await worker.until(count);
  stopping.abort();
  await running;
  return ports;
}

function md5Of(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

describe("the bridge", () => {
  it("pulls snapshots with Digest and posts them to the camera's path with their time", async () => {
    const worker = await opening(servePosts());
    let pulled = 0;
    const camera = await opening(
      serveLan((request, response) => {
        const header = request.headers.authorization ?? "";
        const part = (name: string): string => new RegExp(`${name}="?([^",]+)`).exec(header)?.[1] ?? "";
        const secret = md5Of(`viewer:IP Camera:s3cret`);
        const action = md5Of(`GET:${request.url ?? ""}`);
        const wanted = md5Of(`${secret}:n0nce:${part("nc")}:${part("cnonce")}:auth:${action}`);
        if (part("response") !== wanted) {
          const demand = 'Digest qop="auth", realm="IP Camera", nonce="n0nce", Basic realm="x"';
          return response.writeHead(401, { "www-authenticate": demand }).end();
        }
        return response.writeHead(200, { "content-type": "image/jpeg" }).end(frame(pulled++));
      }),
    );
    const source = {
      kind: "snapshot",
      url: `${camera.url}picture?channel=1`,
      user: "viewer",
      password: "s3cret",
    };
    const { logged } = await bridged(worker, configOf(worker, source), 2);

    expect(worker.frames[0]).toMatchObject({
      path: "/f/gate/abcdefghijklmnop",
      at: Date.parse("2026-01-31T00:00:00Z"),
    });
    expect(worker.frames[0]?.bytes.equals(frame(0))).toBe(true);
    expect(JSON.stringify(logged)).not.toMatch(/abcdefghijklmnop|s3cret/);
  });

  it("pulls snapshots with Basic where the camera knows nothing else", async () => {
    const worker = await opening(servePosts());
    const camera = await opening(
      serveLan((request, response) =>
        request.headers.authorization === `Basic ${btoa("viewer:s3cret")}`
          ? response.writeHead(200, { "content-type": "image/jpeg" }).end(frame(0))
          : response.writeHead(401, { "www-authenticate": 'Basic realm="cam"' }).end(),
      ),
    );
    const source = { kind: "snapshot", url: camera.url, user: "viewer", password: "s3cret" };
    await bridged(worker, configOf(worker, source), 1);

    expect(worker.frames[0]?.bytes.equals(frame(0))).toBe(true);
  });

  it("reads an MJPEG stream, and opens it again when it breaks off", async () => {
    const worker = await opening(servePosts());
    let connections = 0;
    const camera = await opening(
      serveLan((_, response) => {
        connections++;
        response.writeHead(200, { "content-type": "multipart/x-mixed-replace;boundary=frame" });
        response.write(
          Buffer.concat([Buffer.from("--frame\r\nContent-Type: image/jpeg\r\n\r\n"), frame(connections)]),
        );
        response.write("\r\n--frame\r\n", () => response.destroy());
      }),
    );
    const ports = await bridged(worker, configOf(worker, { kind: "mjpeg", url: camera.url }), 2);

    expect(connections).toBeGreaterThanOrEqual(2);
    expect(worker.frames[1]?.bytes.equals(frame(2))).toBe(true);
    expect(ports.logged).toContainEqual(expect.objectContaining({ event: "source-failed", camera: "gate" }));
  });

  it("asks Frigate for the latest frame of a camera", async () => {
    const worker = await opening(servePosts());
    const asked: (string | undefined)[] = [];
    const frigate = await opening(
      serveLan((request, response) => {
        asked.push(request.url);
        response.writeHead(200).end(frame(3));
      }),
    );
    await bridged(worker, configOf(worker, { kind: "frigate", url: frigate.url, camera: "front door" }), 1);
    expect(asked[0]).toBe("/api/front%20door/latest.jpg");
  });

  it("takes files that appear whole in a folder, in the order of their time, and deletes them when told", async () => {
    const worker = await opening(servePosts());
    const folder = await mkdtemp(join(tmpdir(), "edgewise-drop-"));
    await writeFile(join(folder, "old.jpg"), frame(1));
    const ports = swiftPorts();
    const stopping = new AbortController();
    const config = configOf(worker, { kind: "folder", path: folder, delete: true });
    const running = runBridge(config, codec, ports, stopping.signal);
    while (ports.slept.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    for (const [name, x, second] of [
      ["b.jpg", 5, 20],
      ["a.jpg", 9, 30],
    ] as const) {
      await writeFile(join(folder, `${name}.part`), frame(x));
      await utimes(join(folder, `${name}.part`), 1e9 + second, 1e9 + second);
      await rename(join(folder, `${name}.part`), join(folder, name));
    }
    await worker.until(2);
    stopping.abort();
    await running;

    expect(worker.frames.map(({ at }) => at)).toEqual([(1e9 + 20) * 1000, (1e9 + 30) * 1000]);
    expect(worker.frames[0]?.bytes.equals(frame(5))).toBe(true);
    expect(await readdir(folder)).toContain("old.jpg");
    await rm(folder, { recursive: true });
  });

  it("keeps the newest frame only while the Worker cannot take one, and waits as it is told", async () => {
    const worker = await opening(servePosts());
    worker.refusals.push({ status: 429, headers: { "retry-after": "7" } }, { status: 503 }, { status: 503 });
    let pulled = 0;
    const camera = await opening(serveLan((_, response) => response.writeHead(200).end(frame(pulled++))));
    const ports = await bridged(worker, configOf(worker, { kind: "snapshot", url: camera.url }), 3);

    expect(ports.slept).toEqual(expect.arrayContaining([7000, 1000, 2000]));
    const positions = worker.frames.map(
      ({ bytes }) => Array.from({ length: 60 }, (_, x) => x).find((x) => frame(x).equals(bytes)) ?? -1,
    );
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(positions[0]).toBeGreaterThanOrEqual(0);
  });

  it("goes on with the other cameras when one is not there", async () => {
    const worker = await opening(servePosts());
    const camera = await opening(serveLan((_, response) => response.writeHead(200).end(frame(1))));
    const gone = { kind: "snapshot", url: "http://127.0.0.1:9/" };
    const both = configOf(worker, { kind: "snapshot", url: camera.url });
    const [first] = both.cameras;
    const lost = configOf(worker, gone).cameras.map((one) => ({ ...one, camera: "lost" }));
    await bridged(worker, { ...both, cameras: [...lost, ...(first === undefined ? [] : [first])] }, 3);
    expect(new Set(worker.frames.map(({ path }) => path))).toEqual(new Set(["/f/gate/abcdefghijklmnop"]));
  });
});

describe("the motion gate", () => {
  const motion = { bits: 3, levels: 6, settleFrames: 2, aliveSeconds: 10 };

  it("lets a change through with the frames that settle it, then one now and then", () => {
    const gate = createMotionGate(codec, motion);
    const sent = [0, 0, 0, 0, 0, 30, 30, 30, 30].map((x, second) =>
      gate({ bytes: frame(x, second), at: second * 1000 }),
    );
    expect(sent).toEqual([true, true, true, false, false, true, true, true, false]);
    const later = [12, 15, 18, 19].map((second) => gate({ bytes: frame(30, second), at: second * 1000 }));
    expect(later).toEqual([false, false, true, false]);
  });

  it("lets through what does not decode, and everything where there is no gate", () => {
    expect(createMotionGate(codec, motion)({ bytes: new Uint8Array(9), at: 0 })).toBe(true);
    const open = createMotionGate(codec, null);
    expect([0, 1].map((at) => open({ bytes: frame(0), at }))).toEqual([true, true]);
  });
});

describe("answerChallenge", () => {
  it("answers the examples of RFC 7616 (section 3.9.1) for MD5 and SHA-256", () => {
    const rest =
      'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
    const login = { user: "Mufasa", password: "Circle of Life" };
    const request = { method: "GET", path: "/dir/index.html" };
    const cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    const byMd5 = answerChallenge(`Digest ${rest}, algorithm=MD5`, request, login, cnonce);
    expect(byMd5).toContain('response="8ca523f5e9506fed4657c9700eebdbec"');
    const both = `Digest ${rest}, algorithm=MD5, Digest ${rest}, algorithm=SHA-256`;
    expect(answerChallenge(both, request, login, cnonce)).toContain(
      'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"',
    );
  });

  it("gives no password where none is asked for in a way it knows", () => {
    const request = { method: "GET", path: "/" };
    expect(answerChallenge("Negotiate", request, { user: "a", password: "b" })).toBeNull();
    expect(answerChallenge('Basic realm="x"', request, {})).toBeNull();
    expect(answerChallenge('Basic realm="x"', request, { user: "a", password: "b" })).toBe("Basic YTpi");
  });
});

describe("the configuration of the bridge", () => {
  it("takes secrets from the environment, whatever characters they have", () => {
    const text = JSON.stringify({
      url: "https://edge.example",
      cameras: [
        { camera: "gate", token: "${GATE_TOKEN}", source: { kind: "mjpeg", url: "http://10.0.0.1/" } },
      ],
    });
    const secret = 'quote " and \\ slash';
    expect(parseBridgeConfig(text, { GATE_TOKEN: secret }).cameras[0]?.token).toBe(secret);
    expect(() => parseBridgeConfig(text, {})).toThrow("GATE_TOKEN");
    expect(() => parseBridgeConfig("{}", {})).toThrow("configuration of the bridge");
  });
});
