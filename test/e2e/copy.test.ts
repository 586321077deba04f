import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createFileStore } from "../../trainer/storage/file-store.ts";
import { type S3Server, startS3Server } from "../contracts/s3-server/s3-server.ts";
import { handMadeBundle, putVersion } from "../fixtures/hand-made-bundle.ts";
import { type CliResult, startCli } from "./run-cli.ts";

const credentials = { accessKeyId: "EXAMPLEKEY", secretAccessKey: "example-secret" };

let folder: string;
let server: S3Server;
let version: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-copy-"));
  server = await startS3Server({ credentials, bucket: "edgewise-models", dialect: "r2" });
  const bundle = await handMadeBundle();
  version = bundle.manifest.version;
  await putVersion(createFileStore(join(folder, "store")), bundle);
  await run("promote", version, "--store", join(folder, "store"), "--model", bundle.manifest.model);
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command whose S3 is the server of this test. */
function run(...words: readonly string[]): Promise<CliResult> {
  return startCli(words, folder, {
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_REGION: "auto",
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }).ended;
}

describe("copy", () => {
  it("brings versions, then aliases, to a bucket, once", async ({ expect }) => {
    const words = ["copy", "--store", join(folder, "store"), "--to", "s3://edgewise-models/live", "--json"];
    expect(await run(...words)).toMatchObject({
      exitCode: 0,
      json: {
        copied: [
          { kind: "version", version },
          { kind: "alias", alias: "champion" },
        ],
      },
    });
    expect(await run(...words)).toMatchObject({ exitCode: 0, json: { copied: [] } });
  });

  it("makes a bucket a store like any other", async ({ expect }) => {
    const listed = await run("models", "--all", "--store", "s3://edgewise-models/live", "--json");
    expect(listed).toMatchObject({ exitCode: 0, json: { models: [{ versions: [{ version }] }] } });
  });

  it("says in one line what is wrong of a store", async ({ expect }) => {
    const { exitCode, stderr } = await run("models", "--store", "s3://another-bucket");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^edgewise: invalid_argument: .*no such bucket.*\n$/);
  });
});
