import { describe, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { PipelineContext } from "../../../trainer/pipeline/context.ts";
import { releaseLock, takeLock } from "../../../trainer/pipeline/lock.ts";

function openContext(running: readonly string[]): PipelineContext & { at: string } {
  const context = {
    at: "2026-01-31T12:00:00.000Z",
    record: createMemoryStore(),
    now: () => new Date(context.at),
    isRunning: async (execution: string) => running.includes(execution),
    measure: () => undefined,
  };
  return context;
}

const claim = (execution: string) => ({ execution, runId: `run-of-${execution}` });

describe("the lock of a model", () => {
  it("lets one of eight at once in and tells it to run again", async ({ expect }) => {
    const names = Array.from({ length: 8 }, (_, i) => `e${i}`);
    const context = openContext(names);
    const outcomes = await Promise.all(names.map((name) => takeLock(context, "gate", claim(name))));
    const held = outcomes.filter(({ kind }) => kind === "held");
    expect(held).toHaveLength(1);
    const winner = names[outcomes.findIndex(({ kind }) => kind === "held")] ?? "";
    expect(await releaseLock(context, "gate", winner)).toEqual({ again: true });
    expect(await releaseLock(context, "gate", winner), "told once").toEqual({ again: false });
  });

  it("gives an execution that asks again the run it has", async ({ expect }) => {
    const context = openContext(["a"]);
    await takeLock(context, "gate", claim("a"));
    expect(await takeLock(context, "gate", { execution: "a", runId: "other" })).toEqual({
      kind: "held",
      runId: "run-of-a",
      again: false,
    });
  });

  it("tells an execution that runs again from one that asks again", async ({ expect }) => {
    const context = openContext(["a"]);
    await takeLock(context, "gate", claim("a"));
    await releaseLock(context, "gate", "a");
    expect(await takeLock(context, "gate", { execution: "a", runId: "second" })).toEqual({
      kind: "held",
      runId: "second",
      again: true,
    });
  });

  it("is taken from an execution that was aborted", async ({ expect }) => {
    const context = openContext(["b"]);
    await takeLock(context, "gate", claim("a"));
    expect(await takeLock(context, "gate", claim("b"))).toMatchObject({ kind: "held", runId: "run-of-b" });
    expect(await releaseLock(context, "gate", "a"), "the old one cannot give it back").toEqual({
      again: false,
    });
    expect(await takeLock(context, "gate", claim("c"))).toMatchObject({ kind: "busy", holder: "b" });
  });

  it("ends by itself after the longest time an execution may take", async ({ expect }) => {
    const context = openContext(["a"]);
    await takeLock(context, "gate", claim("a"));
    context.at = "2026-02-02T02:00:00.000Z";
    expect(await takeLock(context, "gate", claim("b"))).toMatchObject({ kind: "held" });
  });

  it("of one model does not hold up another", async ({ expect }) => {
    const context = openContext(["a"]);
    await takeLock(context, "gate", claim("a"));
    expect(await takeLock(context, "yard", claim("b"))).toMatchObject({ kind: "held" });
  });
});
