import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CameraSite } from "../../../../edge/cameras/camera-site.ts";
import type { Delivery } from "../../../../shared/contract/camera-api.ts";
import { json, openCamera, settle, type TestCamera } from "./open-cameras.ts";

const target = "https://hooks.example.com/in";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A camera whose events go to a target. @returns it with the id of its webhook */
async function openWatched(): Promise<{ camera: TestCamera; webhook: string }> {
  const camera = await openCamera({ offlineSeconds: 86_400 });
  const response = await camera.edge.fetch(`/sites/${camera.site}/webhooks`, json({ url: target }));
  return { camera, webhook: (await response.json<{ id: string }>()).id };
}

/** Rings the alarm of a site two seconds from now. @returns seconds until it rings again, `null` where it does not */
async function ring(camera: TestCamera): Promise<number | null> {
  camera.advance(2);
  await runDurableObjectAlarm(camera.stub);
  const at = await runInDurableObject(camera.stub, (_, state) => state.storage.getAlarm());
  return at === null ? null : (at - camera.edge.clock()) / 1000;
}

function rows<T extends Record<string, SqlStorageValue>>(
  camera: TestCamera,
  query: string,
  ...bindings: SqlStorageValue[]
): Promise<T[]> {
  return runInDurableObject(camera.stub, (_, { storage }) =>
    storage.sql.exec<T>(query, ...bindings).toArray(),
  );
}

async function deliveries(camera: TestCamera): Promise<readonly Delivery[]> {
  const response = await camera.edge.fetch(`/sites/${camera.site}/deliveries`);
  return (await response.json<{ deliveries: Delivery[] }>()).deliveries;
}

describe("the alarm of a site", () => {
  it.each(["webhook", "camera"])(
    "does not ring for a delivery whose %s was deleted while its post was under way",
    async (deleted) => {
      const { camera, webhook } = await openWatched();
      let posts = 0;
      await runInDurableObject(camera.stub, (instance: CameraSite) => {
        instance.ports.send = async () => {
          posts++;
          if (deleted === "webhook") instance.removeWebhook(webhook);
          else await instance.remove(camera.id);
          return new Response(null, { status: 503 });
        };
      });
      await settle(camera, "red");
      await settle(camera, "blue");

      const next = await ring(camera);
      expect(posts).toBe(1);
      expect(await deliveries(camera)).toEqual([]);
      expect(next ?? Infinity).toBeGreaterThan(60);
    },
  );

  it("deletes a delivery of nobody that is there already, and rings no more for it", async () => {
    const { camera, webhook } = await openWatched();
    await settle(camera, "red");
    await settle(camera, "blue");
    const [event] = await camera.events();
    const insert =
      "INSERT INTO deliveries (event, webhook, attempts, nextAt, firstAt) VALUES (?, ?, 1, 0, 0)";
    await rows(camera, insert, event?.id ?? "", "gone");
    await rows(camera, insert, "gone", webhook);

    await runInDurableObject(camera.stub, (instance: CameraSite) => {
      instance.ports.send = async () => new Response(null, { status: 204 });
    });
    expect(await ring(camera)).toBeGreaterThan(60);
    expect(await rows(camera, "SELECT * FROM deliveries")).toEqual([]);
  });

  it("rings for a silent camera though the bucket deletes no snapshot, and deletes it later", async () => {
    const camera = await openCamera({ offlineSeconds: 7200, snapshots: { keepHours: 1 } });
    await settle(camera, "red");
    await settle(camera, "blue");
    const remove = vi.spyOn(env.MODELS, "delete").mockRejectedValue(new Error("R2 is out"));

    camera.advance(3600);
    expect(await ring(camera)).toBeGreaterThan(60);
    expect(remove).toHaveBeenCalledOnce();
    await camera.pass(3600);
    expect((await camera.show()).health.faults).toEqual(["offline"]);
    remove.mockRestore();
    await camera.pass(600);
    expect(await rows(camera, "SELECT * FROM snapshots")).toEqual([]);
    expect((await env.MODELS.list({ prefix: `cameras/${camera.id}/` })).objects).toEqual([]);
  });
});

describe("deliveries that were given up", () => {
  it("are forgotten with the oldest events, while what still has to be delivered stays", async () => {
    const { camera, webhook } = await openWatched();
    await settle(camera, "red");
    const waitsUntil = camera.edge.clock() + 3_600_000;
    await runInDurableObject(camera.stub, (_, { storage }) => {
      for (let i = 0; i < 520; i++) {
        const id = crypto.randomUUID();
        storage.sql.exec("INSERT INTO events (id, camera, body) VALUES (?, ?, '{}')", id, camera.id);
        const insert =
          "INSERT INTO deliveries (event, webhook, attempts, nextAt, firstAt) VALUES (?, ?, 9, ?, ?)";
        storage.sql.exec(insert, id, webhook, i === 0 ? waitsUntil : null, i);
      }
    });
    const { events } = await settle(camera, "blue");

    expect(await rows(camera, "SELECT count(*) AS count FROM events")).toEqual([{ count: 501 }]);
    const left = await rows<{ nextAt: number | null; firstAt: number; event: string }>(
      camera,
      "SELECT nextAt, firstAt, event FROM deliveries ORDER BY firstAt",
    );
    // the one that waits, the 499 that are given up and have their events, and the new one
    expect(left).toHaveLength(501);
    expect(left.slice(0, 2)).toMatchObject([{ firstAt: 0 }, { firstAt: 21, nextAt: null }]);
    expect(left.at(-1)?.event).toBe(events[0]?.id);
  });
});
