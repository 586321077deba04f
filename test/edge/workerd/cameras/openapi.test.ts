import { beforeAll, describe, expect, it } from "vitest";
import { putKeys, testKey } from "../../../fixtures/api-keys.ts";
import { type DescribedAnswers, readDescription } from "../described-answers.ts";
import { openEdge } from "../open-edge.ts";
import { cameraKey, json, openCamera, picturePost, settle, type TestCamera } from "./open-cameras.ts";

/** A request for an operation, with what it answers. */
interface Step {
  readonly operation: string;
  readonly status: number;
  /** Where it differs from the operation's own path; both after `{camera}`, `{token}` and the like. */
  readonly path?: string;
  readonly init?: RequestInit;
}

const nobody = "nobody.here";
const webhook = { url: "https://hooks.example.com/in" };

/** What an operator and a camera do, in an order in which each finds what it is about. */
const steps: readonly Step[] = [
  { operation: "makeCamera", status: 201, init: json({ id: "{site}.door" }) },
  { operation: "makeCamera", status: 409, init: json({ id: "{site}.door" }) },
  { operation: "makeCamera", status: 400, init: json({ id: "Door!" }) },
  { operation: "listCameras", status: 200, path: "/cameras?site={site}" },
  { operation: "listCameras", status: 400, path: "/cameras?site=A!" },
  { operation: "showCamera", status: 200 },
  { operation: "showCamera", status: 404, path: `/cameras/${nobody}` },
  { operation: "editCamera", status: 200, init: json({ minProbability: 0.6 }, "PATCH") },
  { operation: "editCamera", status: 400, init: json({ colour: "red" }, "PATCH") },
  { operation: "editCamera", status: 404, path: `/cameras/${nobody}`, init: json({}, "PATCH") },
  { operation: "rotateCamera", status: 200, init: json({ overlapSeconds: 3600 }) },
  { operation: "postFramesByToken", status: 200, init: picturePost("blue") },
  { operation: "postFramesByToken", status: 401, path: "/f/{camera}/wrong", init: picturePost("blue") },
  { operation: "postFrames", status: 200, init: picturePost("blue") },
  { operation: "probeCamera", status: 200 },
  { operation: "listFrames", status: 200 },
  { operation: "listFrames", status: 404, path: `/cameras/${nobody}/recent` },
  { operation: "postFrames", status: 200, init: picturePost("blue") },
  { operation: "postFrames", status: 200, init: picturePost("blue") },
  { operation: "readPicture", status: 200 },
  { operation: "readPicture", status: 404, path: "/cameras/{camera}/pictures/999999" },
  { operation: "previewCamera", status: 200, init: json({ vote: { k: 1, n: 1 } }) },
  { operation: "previewCamera", status: 400, init: json({ vote: { k: 9, n: 1 } }) },
  { operation: "previewCamera", status: 404, path: `/cameras/${nobody}/preview`, init: json({}) },
  { operation: "readSnapshot", status: 200, path: "{snapshot}" },
  { operation: "readSnapshot", status: 404 },
  { operation: "listEvents", status: 200 },
  { operation: "listEvents", status: 200, init: { headers: { accept: "text/event-stream" } } },
  { operation: "listEvents", status: 400, path: "/cameras/{camera}/events?limit=no" },
  { operation: "addWebhook", status: 201, init: json(webhook) },
  { operation: "addWebhook", status: 400, init: json({ url: "https://elsewhere.example/" }) },
  { operation: "listWebhooks", status: 200 },
  { operation: "replayEvent", status: 202, init: { method: "POST" } },
  { operation: "replayEvent", status: 404, path: "/sites/{site}/events/none/replay", init: json({}) },
  { operation: "listDeliveries", status: 200 },
  { operation: "showUsage", status: 200 },
  { operation: "deleteWebhook", status: 204, init: { method: "DELETE" } },
  {
    operation: "deleteWebhook",
    status: 404,
    path: "/sites/{site}/webhooks/none",
    init: { method: "DELETE" },
  },
  { operation: "deleteCamera", status: 204, init: { method: "DELETE" } },
  { operation: "deleteCamera", status: 404, init: { method: "DELETE" } },
];

describe("openapi.json describes what is answered of cameras", () => {
  let camera: TestCamera;
  let api: DescribedAnswers;
  /** What stands for `{name}` in a path or body. */
  let names: Record<string, string>;

  beforeAll(async () => {
    camera = await openCamera({ snapshots: { keepHours: 1 } });
    api = await readDescription(camera.edge);
    await settle(camera, "red");
    const { events } = await settle(camera, "green");
    const [event] = events;
    const snapshot = event?.type === "camera.state" ? (event.snapshot ?? "") : "";
    names = {
      camera: camera.id,
      token: camera.token,
      site: camera.site,
      event: event?.id ?? "",
      snapshot,
    };
  });

  const fill = (text: string): string =>
    text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);

  it.each(steps.map((step, i) => ({ ...step, name: `${step.operation} ${step.status}`, i })))(
    "$name ($i)",
    async ({ operation: id, status, path, init }) => {
      camera.advance(1);
      const operation = api.operation(id);
      const body = typeof init?.body === "string" ? { body: fill(init.body) } : {};
      const response = await camera.edge.fetch(fill(path ?? operation.path), { ...init, ...body });
      const copy = response.status < 300 ? response.clone() : null;

      expect(response.status).toBe(status);
      expect(await api.check(operation, response)).toEqual([]);
      await learn(id, copy);
    },
  );

  /** Notes names that only an answer tells. */
  async function learn(id: string, answer: Response | null): Promise<void> {
    if (id === "addWebhook" && answer !== null) {
      names["webhook"] = (await answer.json<{ id: string }>()).id;
    } else if (id === "postFrames") {
      const recent = await camera.edge.fetch(`/cameras/${camera.id}/recent`);
      const { frames } = await recent.json<{ frames: { picture: number | null }[] }>();
      names["number"] = String(frames.at(-1)?.picture ?? "none");
    } else {
      await answer?.body?.cancel();
    }
  }

  it("asks every operation on cameras for what it is there for", () => {
    const described = api.operations.filter(({ tags }) => tags.includes("Cameras"));
    const asked = new Set(steps.filter(({ status }) => status < 300).map(({ operation }) => operation));

    expect(new Set(described.map(({ operationId }) => operationId))).toEqual(asked);
  });

  it("tells who has no key, or one without the scope, so", async () => {
    const closed = openEdge(undefined, undefined, { open: false, cameraKey });
    const other = await testKey("cccccccc", { scopes: ["classify"] });
    await putKeys(closed.store, other);
    const guarded = api.operations.filter(
      (operation) => operation.tags.includes("Cameras") && operation["x-scope"] !== undefined,
    );
    for (const operation of guarded) {
      const { method, operationId } = operation;
      for (const [status, headers] of [
        [401, {}],
        [403, { "x-api-key": other.key }],
      ] as const) {
        const response = await closed.fetch(fill(operation.path), { method, headers });
        expect([operationId, response.status]).toEqual([operationId, status]);
        expect([operationId, await api.check(operation, response)]).toEqual([operationId, []]);
      }
    }
    expect(guarded.map(({ "x-scope": scope }) => scope)).toEqual(expect.arrayContaining(["camera", "admin"]));
  });
});
