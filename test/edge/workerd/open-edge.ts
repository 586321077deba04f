import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../../edge/app.ts";
import { KeyRing } from "../../../edge/auth/key-ring.ts";
import { feedbackOff } from "../../../edge/feedback/feedback-settings.ts";
import { Sampler } from "../../../edge/feedback/sampler.ts";
import { createModelLoader, type ModelLoader } from "../../../edge/model/load-model.ts";
import { Meter } from "../../../edge/metrics/meter.ts";
import { BodyBudget } from "../../../edge/overload/body-budget.ts";
import { TurnQueue } from "../../../edge/overload/turn-queue.ts";
import { ModelPool } from "../../../edge/model/model-pool.ts";
import { Rollouts } from "../../../edge/model/rollouts.ts";
import type { LogEntry } from "../../../edge/ports.ts";
import type { Services } from "../../../edge/services.ts";
import type { Settings } from "../../../edge/settings.ts";
import type { DigestCache } from "../../../edge/storage/digest-cache.ts";
import { withBucketDeadline, withDeadline } from "../../../edge/storage/timed-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { createR2Store } from "../../../shared/store/r2-binding-store.ts";

/** The app as a fresh isolate would have it, on the real R2 binding, with a clock that the test moves. */
export interface Edge {
  /** A model name that no other test uses. */
  readonly model: string;
  readonly store: ObjectStore;
  /** Lines logged so far. */
  readonly logged: readonly LogEntry[];
  /** Keys read from the store so far. */
  readonly reads: readonly string[];
  /** Methods and path patterns that are routed, e.g. `GET /models`; what refuses methods is left out. */
  readonly routes: readonly string[];
  /** Answers a request, or one to a path or a whole URL, then waits until its background work is done. */
  fetch(path: string | Request, init?: RequestInit): Promise<Response>;
  /** What time it is. */
  readonly clock: () => number;
  /** Moves the clock. */
  advance(milliseconds: number): void;
}

/** What a test may change of the app. */
export interface EdgeOptions {
  /** Changes how models are loaded. */
  readonly wrapLoad?: (load: ModelLoader) => ModelLoader;
  /** What the app takes for its bucket. */
  readonly bucket?: R2Bucket;
  /** Where bundles are looked for first; nothing is there unless told. */
  readonly cache?: DigestCache;
  /** What draws whether an image is sampled; 0.5 unless told. */
  readonly random?: () => number;
  /** Take the place of the usual ones. */
  readonly services?: Partial<Services>;
}

/** Least time between two looks at the alias, in milliseconds of the test's clock. */
export const pollMs = 5000;

let opened = 0;

const emptyCache: DigestCache = { match: () => Promise.resolve(null), put: () => undefined };

/**
 * Opens the app with no model loaded.
 * @param wrap changes how the app sees the store
 * @param budgetBytes of memory for models
 * @param changed settings; by default no API key is needed
 * @param wait timer of the requests
 */
export function openEdge(
  wrap: (store: ObjectStore) => ObjectStore = (store) => store,
  budgetBytes?: number,
  changed: Partial<Settings> = {},
  wait: (milliseconds: number) => Promise<unknown> = (milliseconds) => scheduler.wait(milliseconds),
  more: EdgeOptions = {},
): Edge {
  const model = `model-${opened++}`;
  const { wrapLoad = (load) => load, bucket = env.MODELS, cache = emptyCache } = more;
  const reads: string[] = [];
  const logged: LogEntry[] = [];
  let now = Date.parse("2026-01-31T00:00:00Z");
  const clock = (): number => now;
  const log = (entry: LogEntry): void => void logged.push(entry);
  const inner = wrap(withDeadline(createR2Store(bucket), wait));
  const store: ObjectStore = {
    ...inner,
    get: (key, options) => {
      reads.push(key);
      return inner.get(key, options);
    },
  };
  const settings: Settings = {
    model,
    alias: "champion",
    aliasPollMs: pollMs,
    corsOrigins: "*",
    open: true,
    webhookHosts: [],
    cameraKey: undefined,
    singleProcess: true,
    rates: { key: { requests: 2000, seconds: 10 }, address: { requests: 500, seconds: 10 } },
    feedback: feedbackOff,
    ...changed,
  };
  const load = wrapLoad(createModelLoader({ store, cache }));
  const main = { kind: "alias", model, alias: settings.alias } as const;
  const turns = new TurnQueue({ clock, wait });
  const models = new ModelPool({ store, main, pollMs, load, budgetBytes, turns, clock, wait, log });
  const rollouts = new Rollouts({ models, store, clock, wait, log });
  const keys = new KeyRing({ store, pollMs: settings.aliasPollMs, clock, wait, log });
  const app = createApp({
    settings,
    store,
    bucket: withBucketDeadline(bucket, wait),
    models,
    rollouts,
    keys,
    sites: env.CAMERA_SITES,
    limits: { key: env.KEY_LIMIT, address: env.ADDRESS_LIMIT },
    quotas: env.QUOTAS,
    turns,
    bodies: new BodyBudget({ clock, wait }),
    meter: new Meter(),
    sampler: new Sampler({
      settings: settings.feedback,
      store,
      models,
      quotas: env.QUOTAS,
      clock,
      log,
      wait,
      random: more.random ?? (() => 0.5),
    }),
    analytics: undefined,
    clock,
    log,
    wait,
    ...more.services,
  });
  return {
    model,
    store: createR2Store(env.MODELS),
    logged,
    reads,
    clock,
    routes: [
      ...new Set(app.routes.flatMap(({ method, path }) => (method === "ALL" ? [] : [`${method} ${path}`]))),
    ],
    advance: (milliseconds) => {
      now += milliseconds;
    },
    fetch: async (path, init) => {
      const context = createExecutionContext();
      const request = path instanceof Request ? path : new Request(new URL(path, "http://localhost"), init);
      const response = await app.fetch(request, env, context);
      await waitOnExecutionContext(context);
      return response;
    },
  };
}

/** A request with an image as its body. */
export function imagePost(image: BodyInit, contentType = "image/png"): RequestInit {
  return { method: "POST", body: image, headers: { "content-type": contentType } };
}
