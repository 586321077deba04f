import { beforeEach, describe, expect, it } from "vitest";
import { expireFeedback } from "../../../edge/feedback/expire.ts";
import { changeFeedback, findFeedback, shelveFeedback } from "../../../edge/feedback/feedback-shelf.ts";
import type { FeedbackRecord } from "../../../shared/contract/feedback.ts";
import { objectKeys, parseFeedbackKey } from "../../../shared/contract/object-keys.ts";
import { listAll } from "../../../shared/store/list-all.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let store: ObjectStore;
/** Requests of the run that is under way, or was the last. */
let requests = 0;
/** Keys that cannot be read. */
let broken: Set<string>;

beforeEach(() => {
  const memory = createMemoryStore();
  broken = new Set();
  store = {
    get: async (key, options) => {
      requests++;
      if (broken.has(key)) throw new Error("R2 is out");
      return memory.get(key, options);
    },
    head: (key) => memory.head(key),
    put: (key, bytes, options) => (requests++, memory.put(key, bytes, options)),
    list: (prefix, options) => (requests++, memory.list(prefix, options)),
    delete: (key) => (requests++, memory.delete(key)),
  };
});

/** Feedback of a day, kept for so long. */
function feedbackOf(
  day: string,
  number: number,
  status: FeedbackRecord["status"],
  keptDays = 30,
): FeedbackRecord {
  const createdAt = `${day}T12:00:00.000Z`;
  return {
    schemaVersion: 1,
    id: `${day.replaceAll("-", "")}-${number.toString(16).padStart(32, "0")}`,
    model: "default",
    source: "feedback",
    status,
    label: "cat",
    answer: null,
    image: null,
    keyId: null,
    createdAt,
    expiresAt: new Date(Date.parse(createdAt) + keptDays * dayMs).toISOString(),
  };
}

async function shelve(...records: FeedbackRecord[]): Promise<void> {
  for (const record of records) await shelveFeedback(store, record, null);
}

/** Runs at a time. @returns how many were deleted, in how many requests */
async function expireAt(time: string): Promise<{ readonly deleted: number; readonly requests: number }> {
  requests = 0;
  const deleted = await expireFeedback({ store, clock: () => Date.parse(time), log: () => undefined });
  return { deleted, requests };
}

/** How many are left of each day. */
async function left(): Promise<Record<string, number>> {
  const days: Record<string, number> = {};
  for await (const { key } of listAll(store, objectKeys.allFeedback())) {
    const day = parseFeedbackKey(key)?.day ?? "";
    days[day] = (days[day] ?? 0) + 1;
  }
  return days;
}

function many(count: number, make: (index: number) => FeedbackRecord): FeedbackRecord[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe("feedback", () => {
  it("expires however much that was accepted is before it", async () => {
    await shelve(...many(2500, (i) => feedbackOf("2026-01-01", i, "accepted")));
    await shelve(...many(5, (i) => feedbackOf("2026-02-01", i, "quarantined")));
    for (let hour = 0; hour < 4; hour++) await expireAt(`2026-06-01T0${hour}:00:00Z`);
    expect(await left()).toEqual({ "2026-01-01": 2500 });

    // what was accepted is not read again
    await shelve(feedbackOf("2026-05-31", 0, "quarantined", 10));
    await expireAt("2026-06-02T00:00:00Z");
    const { deleted, requests: asked } = await expireAt("2026-06-10T12:00:00Z");
    expect(deleted).toBe(1);
    expect(asked).toBeLessThan(15);
  });

  it("expires in as many runs as it takes, each of which asks no more than a Worker may", async () => {
    const statuses = ["quarantined", "accepted", "discarded"] as const;
    await shelve(...many(2400, (i) => feedbackOf("2026-01-01", i, statuses[i % 3] ?? "accepted")));
    const runs = [];
    for (let hour = 0; hour < 12; hour++)
      runs.push(await expireAt(`2026-02-01T${String(hour).padStart(2, "0")}:00:00Z`));

    expect(Math.max(...runs.map(({ requests: asked }) => asked))).toBeLessThan(1000);
    expect(runs.slice(0, 6).map(({ deleted }) => deleted > 0)).toEqual(Array(6).fill(true));
    expect(await left()).toEqual({ "2026-01-01": 800 });
    expect(runs.at(-1)?.requests).toBeLessThan(5);
  });

  it("expires when its record says, whatever others of its day say", async () => {
    await shelve(
      feedbackOf("2026-01-01", 0, "quarantined", 7),
      feedbackOf("2026-01-01", 1, "quarantined", 30),
    );
    const times = ["2026-01-02T03:00:00Z", "2026-01-08T11:59:59Z", "2026-01-08T12:00:00Z"];
    const deleted = [];
    for (const time of times) deleted.push((await expireAt(time)).deleted);
    expect(deleted).toEqual([0, 0, 1]);
    expect((await expireAt("2026-01-31T12:00:00Z")).deleted).toBe(1);
    expect(await left()).toEqual({});
  });

  it("expires that was accepted when it was first looked at, and discarded later", async () => {
    await shelve(feedbackOf("2026-01-01", 0, "accepted"));
    await expireAt("2026-01-03T00:00:00Z");
    const known = await findFeedback(store, "default", feedbackOf("2026-01-01", 0, "accepted").id);
    if (known === null) throw new Error("it is gone");
    await changeFeedback(store, known, { ...known.record, status: "discarded" });

    expect((await expireAt("2026-01-31T12:00:00Z")).deleted).toBe(1);
  });

  it("expires at the next run where the store failed", async () => {
    const [first, second] = many(2, (i) => feedbackOf("2026-01-01", i, "quarantined"));
    if (first === undefined || second === undefined) throw new Error("there are two");
    await shelve(first, second);
    const key = objectKeys.feedbackRecord("default", "2026-01-01", first.id);
    broken.add(key);
    expect((await expireAt("2026-02-01T00:00:00Z")).deleted).toBe(1);
    broken.delete(key);
    expect((await expireAt("2026-02-01T01:00:00Z")).deleted).toBe(1);
  });

  it("is looked at anew where what the last run knew is broken", async () => {
    await shelve(feedbackOf("2026-01-01", 0, "quarantined"));
    await store.put(objectKeys.feedbackExpiry(), new TextEncoder().encode("{"));
    expect((await expireAt("2026-02-01T00:00:00Z")).deleted).toBe(1);
  });
});
