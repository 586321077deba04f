import { once } from "node:events";
import { createServer } from "node:net";
import { describe, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { openServing } from "../../../trainer/serving/serving.ts";

const host = "127.0.0.1";

/** A port that was free a moment ago; rejects when something listens on the one that is asked for. */
async function takePort(port: number): Promise<number> {
  const server = createServer().listen(port, host);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

function silent(): void {}

describe("openServing", () => {
  it("leaves no Worker running when the store cannot be read", async ({ expect }) => {
    const port = await takePort(0);
    const store: ObjectStore = Object.assign(createMemoryStore(), {
      list: () => Promise.reject(new Error("the disk is gone")),
    });
    const opening = openServing(store, {
      port,
      host,
      open: true,
      model: "default",
      say: silent,
      sayRoutine: silent,
    });
    await expect(opening).rejects.toThrow("the disk is gone");
    expect(await takePort(port)).toBe(port);
  });
});
