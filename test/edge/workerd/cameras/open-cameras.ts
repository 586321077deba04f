import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { CameraSite } from "../../../../edge/cameras/camera-site.ts";
import type { CameraConfigInput } from "../../../../shared/contract/camera.ts";
import type { Camera, FramesAnswer } from "../../../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../../../shared/contract/camera-event.ts";
import { handMadeBundle, putAlias, putVersion } from "../../../fixtures/hand-made-bundle.ts";
import { drawPng, type Rgb } from "../../../fixtures/png.ts";
import type { Settings } from "../../../../edge/settings.ts";
import { type Edge, openEdge } from "../open-edge.ts";
import type { Receiver } from "./receiver.ts";

/** A camera of a site that no other test uses, in front of a model that tells red, green and blue. */
export interface TestCamera {
  readonly edge: Edge;
  readonly site: string;
  readonly id: string;
  token: string;
  readonly stub: DurableObjectStub<CameraSite>;
  /** Moves the clocks of the Worker and of the site. */
  advance(seconds: number): void;
  /** What the Worker answers at the camera's own path. */
  post(init: RequestInit, path?: string): Promise<Response>;
  /** Posts a picture of one colour with noise that no other has, a second later. */
  see(colour: keyof typeof colours, query?: string): Promise<FramesAnswer>;
  /** The camera, as the API tells of it. */
  show(): Promise<Camera>;
  events(query?: string): Promise<readonly CameraEvent[]>;
  /** Lets time pass, alarms of the site included. */
  pass(seconds: number): Promise<void>;
  /** What leaves the site goes to the receiver. */
  listen(receiver: Receiver): Promise<void>;
  /** As a deployment or a crash would: what was in memory is gone. */
  restart(): Promise<void>;
}

/** What the model knows. */
export const colours = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255] } as const satisfies Record<
  string,
  Rgb
>;

/** That the Worker of these tests has. */
export const cameraKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

let sites = 0;
let pictures = 0;

/** A picture of a colour whose pixels are like those of no other. */
export function pictureOf(colour: keyof typeof colours): Uint8Array<ArrayBuffer> {
  const [red, green, blue] = colours[colour];
  const mark = ++pictures;
  return drawPng(40, 30, (x, y) => {
    const bit = y === 0 && ((mark >> x) & 1) === 1 ? 9 : 0;
    return [Math.max(0, red - bit), Math.max(0, green - bit), Math.max(0, blue - bit)];
  });
}

/** Makes a camera in a new site. */
export async function openCamera(
  config: CameraConfigInput = {},
  settings: Partial<Settings> = {},
): Promise<TestCamera> {
  const edge = openEdge(undefined, undefined, { cameraKey, ...settings });
  // an alarm in the past of the real clock would ring by itself
  edge.advance(Date.parse("2060-01-31T00:00:00Z") - edge.clock());
  const bundle = await handMadeBundle({ model: edge.model });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
  const site = `site-${++sites}-${crypto.randomUUID().slice(0, 8)}`;
  return addCamera(edge, site, "gate", config);
}

/** Makes a camera in a site of an edge that is open. */
export async function addCamera(
  edge: Edge,
  site: string,
  name: string,
  config: CameraConfigInput = {},
): Promise<TestCamera> {
  const id = `${site}.${name}`;
  const stub = env.CAMERA_SITES.getByName(site);
  let receiver: Receiver | null = null;
  const connect = (): Promise<void> =>
    runInDurableObject(stub, (instance: CameraSite) => {
      instance.ports.clock = edge.clock;
      instance.ports.random = () => 0.5;
      instance.ports.send = (url, init) => receiver?.receive(url, init) ?? fetch(url, init);
    });
  await connect();
  const made = await edge.fetch("/cameras", json({ id, config }));
  if (made.status !== 201) throw new Error(await made.text());
  const { token } = await made.json<{ token: string }>();
  const camera: TestCamera = {
    edge,
    site,
    id,
    token,
    stub,
    advance: (seconds) => edge.advance(seconds * 1000),
    post: (init, path = "") => edge.fetch(`/f/${id}/${camera.token}${path}`, init),
    see: async (colour, query = "") => {
      edge.advance(1000);
      return (await camera.post(picturePost(colour), query)).json();
    },
    show: async () => (await edge.fetch(`/cameras/${id}`)).json(),
    events: async (query = "") => {
      const answer = await (
        await edge.fetch(`/cameras/${id}/events${query}`)
      ).json<{ events: CameraEvent[] }>();
      return answer.events;
    },
    pass: async (seconds) => {
      const until = edge.clock() + seconds * 1000;
      for (;;) {
        const dueAt = await runInDurableObject(stub, (_, state) => state.storage.getAlarm());
        if (dueAt === null || dueAt > until) break;
        edge.advance(Math.max(0, dueAt - edge.clock()));
        await runDurableObjectAlarm(stub);
      }
      edge.advance(until - edge.clock());
    },
    listen: async (to) => {
      receiver = to;
      await connect();
    },
    restart: async () => {
      await evictDurableObject(stub);
      await connect();
    },
  };
  return camera;
}

/** A POST of JSON. */
export function json(value: unknown, method = "POST"): RequestInit {
  return { method, body: JSON.stringify(value), headers: { "content-type": "application/json" } };
}

/** A POST of a new picture. */
export function picturePost(colour: keyof typeof colours): RequestInit {
  return { method: "POST", body: pictureOf(colour), headers: { "content-type": "image/png" } };
}

/** Sees a colour until it is the state of the camera. */
export async function settle(camera: TestCamera, colour: keyof typeof colours): Promise<FramesAnswer> {
  await camera.see(colour);
  await camera.see(colour);
  return camera.see(colour);
}
