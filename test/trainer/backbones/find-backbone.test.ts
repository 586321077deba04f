import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import {
  type BackbonePlaces,
  backbonePlaces,
  findBackbone,
} from "../../../trainer/backbones/find-backbone.ts";
import { type Backbone, backboneOf, backbones } from "../../../trainer/backbones/registry.ts";

const content = new TextEncoder().encode("a net of its own");

let root: string;
let places: BackbonePlaces;
let server: Server;
let answer: { status: number; body: Uint8Array };
let requests: number;
let backbone: Backbone;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewise-backbones-"));
  places = { folder: join(root, "mine"), cache: join(root, "cache", "backbones") };
  await mkdir(join(root, "mine"));
  answer = { status: 200, body: content };
  requests = 0;
  server = createServer((_, response) => {
    requests++;
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  backbone = {
    ...backboneOf("mobilenet-v1-0.25-128"),
    url: `http://127.0.0.1:${port}/tiny.tflite`,
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  };
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(root, { recursive: true });
});

const cached = (): string => join(places.cache, backbone.file);

describe("findBackbone", () => {
  it("takes the file of the user's folder without asking the network", async ({ expect }) => {
    await writeFile(join(root, "mine", backbone.file), content);
    expect(await findBackbone(backbone, places)).toEqual(content);
    expect(requests).toBe(0);
  });

  it("refuses another file of that name in the user's folder", async ({ expect }) => {
    await writeFile(join(root, "mine", backbone.file), "another net");
    await expect(findBackbone(backbone, places)).rejects.toMatchObject({ code: "integrity_mismatch" });
    expect(requests).toBe(0);
  });

  it("downloads into the cache once, and tells how far it is", async ({ expect }) => {
    const seen: number[] = [];
    const onProgress = (done: number): void => void seen.push(done);
    expect(await findBackbone(backbone, places, { onProgress })).toEqual(content);
    expect(new Uint8Array(await readFile(cached()))).toEqual(content);
    expect(seen.at(-1)).toBe(content.length);
    expect(await findBackbone(backbone, places)).toEqual(content);
    expect(requests).toBe(1);
  });

  it("fetches a damaged file of the cache anew", async ({ expect }) => {
    await mkdir(places.cache, { recursive: true });
    await writeFile(cached(), "half a n");
    expect(await findBackbone(backbone, places)).toEqual(content);
    expect(new Uint8Array(await readFile(cached()))).toEqual(content);
  });

  it.for([
    ["other bytes", new TextEncoder().encode("a net of others!")],
    ["fewer bytes", content.subarray(1)],
  ] as const)("refuses a download of %s, and keeps nothing", async ([, body], { expect }) => {
    answer = { status: 200, body };
    await expect(findBackbone(backbone, places)).rejects.toMatchObject({ code: "integrity_mismatch" });
    await expect(readFile(cached())).rejects.toThrow("ENOENT");
  });

  it("says which file to put where when there is none to be had", async ({ expect }) => {
    answer = { status: 404, body: new Uint8Array() };
    const failure = findBackbone(backbone, { ...places, folder: null });
    await expect(failure).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining(`put ${backbone.url} as ${backbone.file} into ${places.cache}`),
    });
  });

  it("says so without a network, too", async ({ expect }) => {
    const nobody = { ...backbone, url: "http://127.0.0.1:1/tiny.tflite" };
    await expect(findBackbone(nobody, places)).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining(`or ${places.folder}`),
    });
  });
});

describe("backbonePlaces", () => {
  it("reads the folders from the environment", ({ expect }) => {
    const environment = { EDGEWISE_BACKBONES: "/nets", XDG_CACHE_HOME: "/caches" };
    expect(backbonePlaces(environment)).toEqual({ folder: "/nets", cache: "/caches/edgewise/backbones" });
    expect(backbonePlaces({ HOME: "/home/me" }).folder).toBeNull();
  });
});

describe("the registry", () => {
  it("names each backbone and file once", ({ expect }) => {
    expect(new Set(backbones.map(({ name }) => name)).size).toBe(backbones.length);
    expect(new Set(backbones.map(({ file }) => file)).size).toBe(backbones.length);
  });

  it("refuses a name it does not have, with those it has", ({ expect }) => {
    expect(() => backboneOf("resnet")).toThrow(/mobilenet-v2-1.0-224, .*mobilenet-v1-0.25-128/);
  });
});
