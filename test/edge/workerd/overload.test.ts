import { describe, expect, it } from "vitest";
import { BodyBudget } from "../../../edge/overload/body-budget.ts";
import { TurnQueue } from "../../../edge/overload/turn-queue.ts";
import type { AppError } from "../../../shared/contract/errors.ts";
import { handMadeBundle, pureColours, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { type Edge, imagePost, openEdge } from "./open-edge.ts";

const wait = (milliseconds: number): Promise<void> => scheduler.wait(milliseconds);
const clock = Date.now;
const red = solidPng(40, 40, pureColours[0] ?? [0, 0, 0]);

function bodyOf(bytes: number, contentType = "image/jpeg"): Request {
  const headers = { "content-length": String(bytes), "content-type": contentType };
  return new Request("http://localhost/", { method: "POST", headers, body: "x" });
}

describe("turns", () => {
  it("come in the order they were asked for, with room between two for what arrives", async () => {
    const turns = new TurnQueue({ clock, wait });
    const done: string[] = [];
    const work = (name: string) => turns.take(() => Promise.resolve(void done.push(name)));
    const three = ["a", "b", "c"].map(work);
    // what needs no turn, such as a health check, that arrives with the first of them
    const health = wait(0).then(() => done.push("health"));
    await Promise.all([...three, health]);

    expect(done.filter((name) => name !== "health")).toEqual(["a", "b", "c"]);
    expect(done.indexOf("health")).toBeLessThan(2);
    expect(turns.length).toBe(0);
  });

  it("are refused at once where too many wait", async () => {
    const turns = new TurnQueue({ clock, wait, most: 3 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => turns.take(async () => "done")),
    );

    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect(outcomes.at(-1)).toMatchObject({ reason: { code: "overloaded" } });
    expect(await turns.take(async () => "done")).toBe("done");
  });

  it("are refused that do not come in time, and pass on when work fails", async () => {
    let now = 0;
    const turns = new TurnQueue({ clock: () => now, wait, longestWaitMs: 100 });
    const failed = turns.take(async () => {
      // the clock moves past what the others wait for
      now += 150;
      throw new Error("no image");
    });
    const late = turns.take(async () => "done");

    await expect(failed).rejects.toThrow("no image");
    await expect(late).rejects.toMatchObject({ code: "overloaded" });
    await expect(turns.take(async () => "done")).resolves.toBe("done");
  });

  it("go on when a request that waits or computes is gone with its client", async () => {
    let now = 0;
    const gone = new Promise<never>(() => undefined);
    let isGone = true;
    const turns = new TurnQueue({
      clock: () => now,
      wait: (milliseconds) => (isGone ? gone : wait(milliseconds)),
    });
    void turns.take(async () => "never");
    isGone = false;
    now += 3000;
    expect(await turns.take(async () => "done")).toBe("done");

    void turns.take(() => gone);
    await wait(5);
    now += 30_000;
    expect(await turns.take(async () => "done")).toBe("done");
  });
});

describe("the budget of bodies", () => {
  it("lets a body in when those before it make room, and a large one alone", async () => {
    const bodies = new BodyBudget({ clock, wait, budgetBytes: 100 });
    const done: string[] = [];
    const hold = (name: string, request: Request) =>
      bodies.hold(request, async () => {
        await wait(0);
        done.push(name);
      });
    await Promise.all([
      hold("half", bodyOf(60)),
      hold("large", bodyOf(500)),
      hold("rest", bodyOf(40)),
      hold("json counts three times", bodyOf(20, "application/json")),
    ]);

    expect(done.slice(0, 2)).toEqual(["half", "rest"]);
    expect(done).toHaveLength(4);
  });

  it.each([
    ["application/json; charset=utf-8", "overloaded"],
    ["application/x-www-form-urlencoded", "overloaded"],
    ["text/plain", "overloaded"],
    ["multipart/form-data; boundary=x", "done"],
    ["image/jpeg", "done"],
  ])("counts text three times: a fifth of %s, where half is left, is %s", async (contentType, outcome) => {
    const bodies = new BodyBudget({ clock: () => 0, wait: () => Promise.resolve(), budgetBytes: 100 });
    void bodies.hold(bodyOf(50), () => new Promise(() => undefined));
    const held = bodies.hold(bodyOf(20, contentType), async () => "done");

    expect(await held.catch(({ code }: AppError) => code)).toBe(outcome);
  });

  it("refuses a body that finds no room for long, and takes back the share of a request that died", async () => {
    let now = 0;
    const bodies = new BodyBudget({ clock: () => now, wait: () => Promise.resolve(), budgetBytes: 100 });
    void bodies.hold(bodyOf(80), () => new Promise(() => undefined));

    await expect(bodies.hold(bodyOf(80), async () => "done")).rejects.toMatchObject({ code: "overloaded" });
    now += 61_000;
    await expect(bodies.hold(bodyOf(80), async () => "done")).resolves.toBe("done");
  });
});

describe("an isolate that is asked more than it can answer", () => {
  const photo = imagePost(red);
  photo.headers = { "content-type": "image/png", "content-length": String(red.length) };

  async function openServing(): Promise<Edge> {
    const edge = openEdge();
    const bundle = await handMadeBundle({ model: edge.model });
    await putVersion(edge.store, bundle);
    await putAlias(edge.store, bundle);
    expect((await edge.fetch("/classify", imagePost(red))).status).toBe(200);
    return edge;
  }

  it("answers what it can, and 503 with Retry-After to the rest, then all again", async () => {
    const edge = await openServing();
    const responses = await Promise.all(Array.from({ length: 80 }, () => edge.fetch("/classify", photo)));
    const statuses = responses.map(({ status }) => status);
    const refused = responses.filter(({ status }) => status === 503);

    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(32);
    for (const response of refused) {
      expect(response.headers.get("retry-after")).toBe("1");
      expect(await response.json()).toMatchObject({ code: "overloaded" });
    }
    expect((await edge.fetch("/classify", imagePost(red))).status).toBe(200);
  });

  it("answers a health check before those that wait", async () => {
    const edge = await openServing();
    const done: string[] = [];
    const ask = async (path: string, init?: RequestInit): Promise<void> => {
      await edge.fetch(path, init);
      done.push(path);
    };
    const waiting = Array.from({ length: 20 }, () => ask("/classify", photo));
    await Promise.all([...waiting, ask("/health/live")]);

    expect(done.indexOf("/health/live")).toBeLessThan(3);
  });
});
