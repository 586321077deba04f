import { waitUntil } from "cloudflare:workers";
import { createR2Store } from "../shared/store/r2-binding-store.ts";
import { createApp, type App } from "./app.ts";
import { KeyRing } from "./auth/key-ring.ts";
import { Meter } from "./metrics/meter.ts";
import { expireFeedback } from "./feedback/expire.ts";
import { Sampler } from "./feedback/sampler.ts";
import { createModelLoader } from "./model/load-model.ts";
import { ModelPool } from "./model/model-pool.ts";
import { Rollouts } from "./model/rollouts.ts";
import { BodyBudget } from "./overload/body-budget.ts";
import { TurnQueue } from "./overload/turn-queue.ts";
import type { LogEntry } from "./ports.ts";
import type { Services } from "./services.ts";
import { parseSettings } from "./settings.ts";
import { createDigestCache } from "./storage/digest-cache.ts";
import { withBucketDeadline, withDeadline } from "./storage/timed-store.ts";

export { DailyQuota } from "./limits/daily-quota.ts";

/** Bindings that an operator may add. */
interface OptionalBindings {
  readonly METRICS?: AnalyticsEngineDataset;
}

/** One app an isolate, made at the first request: its models are what the isolate remembers. */
const opened = new WeakMap<Env, App>();

function openFor(env: Env, url: string): App {
  const known = opened.get(env);
  if (known !== undefined) return known;
  const made = createApp(createServices(env, new URL(url).origin));
  opened.set(env, made);
  return made;
}

/** @param origin where the Worker is reached */
function createServices(env: Env, origin: string): Services {
  const settings = parseSettings(env);
  const store = withDeadline(createR2Store(env.MODELS), wait);
  const bucket = withBucketDeadline(env.MODELS, wait);
  const cache = createDigestCache({ caches, origin, wait, keepAlive: waitUntil });
  const clock = Date.now;
  const turns = new TurnQueue({ clock, wait });
  const models = new ModelPool({
    store,
    main: { kind: "alias", model: settings.model, alias: settings.alias },
    pollMs: settings.aliasPollMs,
    load: createModelLoader({ store, cache }),
    turns,
    clock,
    wait,
    log,
  });
  const keys = new KeyRing({ store, pollMs: settings.aliasPollMs, clock, wait, log });
  const rollouts = new Rollouts({ models, store, clock, wait, log });
  const quotas = env.QUOTAS;
  const sampler = new Sampler({
    settings: settings.feedback,
    store,
    models,
    quotas,
    clock,
    log,
    wait,
    random: Math.random,
  });
  const { METRICS }: Env & OptionalBindings = env;
  return {
    settings,
    store,
    bucket,
    models,
    rollouts,
    keys,
    limits: { key: env.KEY_LIMIT, address: env.ADDRESS_LIMIT },
    quotas,
    sites: env.CAMERA_SITES,
    turns,
    bodies: new BodyBudget({ clock, wait }),
    meter: new Meter(),
    sampler,
    analytics: METRICS,
    clock,
    log,
    wait,
  };
}

function wait(milliseconds: number): Promise<void> {
  return scheduler.wait(milliseconds);
}

function log(entry: LogEntry): void {
  console.log(JSON.stringify(entry));
}

export { CameraSite } from "./cameras/camera-site.ts";

export default {
  fetch: (request, env, context) => openFor(env, request.url).fetch(request, env, context),
  scheduled: async (_, env) => {
    await expireFeedback(createServices(env, "http://localhost"));
  },
} satisfies ExportedHandler<Env>;
