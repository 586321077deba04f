import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { storeDeadlineMs } from "../../../edge/storage/timed-store.ts";
import type { ClassifyAnswer } from "../../../shared/contract/classify.ts";
import { sha256Hex } from "../../../shared/store/sha256.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  pureColours,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { createGate } from "../../fixtures/gate.ts";
import { solidPng } from "../../fixtures/png.ts";
import { createFaultyBucket, type Fault, type FaultyBucket, faults } from "./faulty-bucket.ts";
import { type Edge, imagePost, openEdge, pollMs } from "./open-edge.ts";

const red = solidPng(40, 40, pureColours[0] ?? [0, 0, 0]);
/** Which reads go wrong. */
const phases = [
  ["the alias", /aliases/],
  ["the manifest", /manifest\.json$/],
  ["the graph", /model\.json$/],
  ["the weights", /\.bin$/],
] as const;
const cases = phases.flatMap(([phase, keys]) => faults.map((fault) => ({ phase, keys, fault })));

describe("a bucket that does not do what it is for", () => {
  let faulty: FaultyBucket;
  let edge: Edge;
  let first: HandMadeBundle;
  let second: HandMadeBundle;
  let giveUp: () => void;

  beforeEach(async () => {
    faulty = createFaultyBucket(env.MODELS);
    const late = createGate();
    giveUp = late.open;
    // the deadline passes when the test says so
    const wait = (milliseconds: number): Promise<unknown> =>
      milliseconds < storeDeadlineMs ? scheduler.wait(milliseconds) : late.opened;
    edge = openEdge(undefined, undefined, {}, wait, { bucket: faulty.bucket });
    first = await handMadeBundle({ model: edge.model });
    second = await handMadeBundle({ model: edge.model, seed: 2 });
    await putVersion(edge.store, first);
    await putVersion(edge.store, second);
    await putAlias(edge.store, first);
  });

  async function classify(): Promise<string> {
    const response = await edge.fetch("/classify", imagePost(red));
    expect(response.status).toBe(200);
    return (await response.json<ClassifyAnswer>()).version;
  }

  /** Sends a request while reads go wrong. */
  async function during<T>(fault: Fault, keys: RegExp, send: () => Promise<T>): Promise<T> {
    faulty.fail(fault, keys);
    const sent = send();
    if (fault === "stalls") {
      await faulty.stalled;
      giveUp();
    }
    const answer = await sent;
    faulty.fail(null);
    return answer;
  }

  it.each(cases)(
    "costs a warm isolate nothing when $phase $fault: the old version serves",
    async ({ fault, keys }) => {
      await classify();
      await putAlias(edge.store, second);
      edge.advance(pollMs);

      expect(await during(fault, keys, classify)).toBe(first.manifest.version);
      expect(await classify()).toBe(first.manifest.version);
    },
  );

  it.each(cases)(
    "makes a cold isolate answer 503 with Retry-After when $phase $fault",
    async ({ fault, keys }) => {
      const response = await during(fault, keys, () => edge.fetch("/classify", imagePost(red)));

      expect(response.status).toBe(503);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ code: "model_unavailable" });
    },
  );

  it.each(cases.filter(({ fault }) => fault !== "stalls"))(
    "is forgiven as soon as it is sound again, after $phase $fault",
    async ({ fault, keys }) => {
      await during(fault, keys, () => edge.fetch("/classify", imagePost(red)));
      edge.advance(pollMs);

      expect(await classify()).toBe(first.manifest.version);
    },
  );

  it("is asked less often the longer it is down, and a cold isolate says for how long not", async () => {
    faulty.fail("fails");
    const lookedAt: number[] = [];
    const told: string[] = [];
    for (let seconds = 0; seconds <= 120; seconds++) {
      const before = faulty.reads.length;
      const response = await edge.fetch("/classify", imagePost(red));
      expect(response.status).toBe(503);
      if (faulty.reads.length > before) {
        lookedAt.push(seconds);
        told.push(response.headers.get("retry-after") ?? "");
      }
      edge.advance(1000);
    }

    expect(lookedAt).toEqual([0, 5, 15, 35, 65, 95]);
    expect(told).toEqual(["5", "10", "20", "30", "30", "30"]);
  });

  it.each(["/models", "/models/MODEL/aliases/champion", "/models/MODEL/versions/VERSION/model.json"])(
    "makes GET %s answer 503 with Retry-After when it fails",
    async (pattern) => {
      const path = pattern.replace("MODEL", edge.model).replace("VERSION", first.manifest.version);
      if (path === "/models") faulty.fail("fails", /aliases/);
      else faulty.fail("fails");
      const response = await edge.fetch(path);

      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("5");
      expect(await response.json()).toMatchObject({ code: "store_unavailable" });
    },
  );

  it("makes a download answer 503 when it stalls", async () => {
    const path = `/models/${edge.model}/versions/${first.manifest.version}/model.json`;
    const response = await during("stalls", /model\.json/, () => edge.fetch(path));

    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "store_unavailable" });
  });

  it.each(["truncates", "corrupts"] as const)(
    "cannot pass a download off as whole when it %s: length or digest tell",
    async (fault) => {
      const [listed] = first.manifest.files;
      const path = `/models/${edge.model}/versions/${first.manifest.version}/${listed?.path ?? ""}`;
      faulty.fail(fault, /versions/);
      const response = await edge.fetch(path);
      const bytes = await response.bytes().catch(() => new Uint8Array());

      expect(response.headers.get("content-length")).toBe(String(listed?.bytes));
      expect(await sha256Hex(bytes)).not.toBe(listed?.sha256);
    },
  );
});
