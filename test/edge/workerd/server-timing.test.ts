import { beforeEach, describe, expect, it } from "vitest";
import { createServerTiming } from "../../../edge/http/server-timing.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { type Edge, imagePost, openEdge } from "./open-edge.ts";

const red = solidPng(20, 20, [255, 0, 0]);

describe("Server-Timing", () => {
  let edge: Edge;

  beforeEach(async () => {
    edge = openEdge((store) => ({
      ...store,
      get: (key, options) => {
        // a clock that moves with I/O alone, as a deployed Worker's does
        edge.advance(7);
        return store.get(key, options);
      },
    }));
    const bundle = await handMadeBundle({ model: edge.model });
    await putVersion(edge.store, bundle);
    await putAlias(edge.store, bundle);
  });

  const timingOf = async (): Promise<string | null> =>
    (await edge.fetch("/classify", imagePost(red))).headers.get("server-timing");

  it("tells whether the model was there, and how long the store took", async () => {
    expect(await timingOf()).toMatch(/^model;desc="cold";dur=(?:28|35)$/);
    expect(await timingOf()).toBe('model;desc="warm"');
  });

  it("tells what computing took where the clock moves meanwhile, and of what took nothing not a word", () => {
    let now = 100;
    const timing = createServerTiming(() => now);
    now += 3;
    timing.mark("body");
    timing.mark("model", "warm");
    now += 12;
    timing.mark("classify");
    timing.mark("nothing");
    const headers = new Headers();
    timing.write({ header: (name: string, value?: string) => headers.set(name, value ?? "") });

    expect(headers.get("server-timing")).toBe('body;dur=3, model;desc="warm", classify;dur=12');
  });
});
