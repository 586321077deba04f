import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalWorker, startLocalWorker } from "../../trainer/serving/local-worker.ts";
import { buildWorkerArtefact } from "../../trainer/serving/worker-artefact.ts";
import { putKeys, type TestKey, testKey } from "../fixtures/api-keys.ts";
import { handMadeBundle, putAlias, putVersion } from "../fixtures/hand-made-bundle.ts";
import { solidPng } from "../fixtures/png.ts";
import { type CliResult, startCli } from "./run-cli.ts";

const red = solidPng(40, 30, [255, 0, 0]);
const blue = solidPng(40, 30, [0, 0, 255]);

let folder: string;
let worker: LocalWorker;
let admin: TestKey;

function cameras(...commandLine: readonly string[]): Promise<CliResult> {
  const environment = { EDGEWISE_API_KEY: admin.key };
  return startCli(["cameras", ...commandLine, "--url", worker.url, "--json"], undefined, environment).ended;
}

async function post(path: unknown, frame: Uint8Array<ArrayBuffer>): Promise<number> {
  return (await fetch(`${worker.url}${String(path)}`, { method: "POST", body: frame })).status;
}

describe("edgewise cameras", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewise-cameras-"));
    worker = await startLocalWorker(await buildWorkerArtefact(join(folder, "worker")), {
      port: 0,
      host: "127.0.0.1",
      open: false,
      vars: {
        MODEL: "colours",
        WEBHOOK_HOSTS: "hooks.example.com",
        CAMERA_KEY: randomBytes(32).toString("base64"),
      },
    });
    const bundle = await handMadeBundle({ model: "colours" });
    await putVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, bundle);
    admin = await testKey("0000000f", { scopes: ["admin"] });
    await putKeys(worker.bucket, admin);
  });

  afterAll(async () => {
    await worker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("makes, edits, lists, rotates and deletes a camera, and tells of its events and targets", async () => {
    const made = await cameras("create", "yard.gate");
    expect(made).toMatchObject({ exitCode: 0, json: { camera: "yard.gate" } });
    const token = String(made.json["token"]);
    const edited = await cameras("edit", "yard.gate", "--config", '{"vote": {"k": 1, "n": 1}}');
    expect(edited.json).toMatchObject({ revision: 2, config: { vote: { k: 1, n: 1 } } });
    for (const frame of [red, blue]) expect(await post(made.json["path"], frame)).toBe(200);

    const [listed, told, target] = await Promise.all([
      cameras("list", "--site", "yard"),
      cameras("events", "yard.gate"),
      cameras("webhooks", "--site", "yard", "--add", "https://hooks.example.com/gate"),
    ]);
    expect(listed.json).toMatchObject({ cameras: [{ id: "yard.gate", state: { label: "blue" } }] });
    expect(listed.stdout + told.stdout + edited.stdout).not.toContain(token);
    expect(told.json).toMatchObject({ events: [{ type: "camera.state", label: "blue", previous: "red" }] });
    expect(target).toMatchObject({ exitCode: 0, json: { secret: expect.any(String) } });
    const targets = await cameras("webhooks", "--site", "yard");
    expect(targets.json).toMatchObject({ webhooks: [{ url: "https://hooks.example.com/gate" }] });
    expect(targets.stdout).not.toContain(String(target.json["secret"]));

    const rotated = await cameras("rotate", "yard.gate", "--overlap", "0");
    expect(await post(made.json["path"], red)).toBe(401);
    expect(await post(rotated.json["path"], red)).toBe(200);
    expect(await cameras("delete", "yard.gate")).toMatchObject({ exitCode: 0, json: { deleted: true } });
    expect(await post(rotated.json["path"], red)).toBe(401);
  });

  it("says in one line what is wrong, and exits with 1, or 2 for what cannot be asked", async () => {
    const [missing, elsewhere] = await Promise.all([
      cameras("delete", "nobody"),
      cameras("webhooks", "--add", "https://elsewhere.example/"),
    ]);
    expect(missing).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("there is no camera nobody"),
    });
    expect(elsewhere.exitCode).toBe(2);
  });
});
