import type { ObjectStore } from "../shared/store/object-store.ts";
import type { KeyRing } from "./auth/key-ring.ts";
import type { Sampler } from "./feedback/sampler.ts";
import type { DailyQuotas } from "./limits/daily-quota.ts";
import type { RateLimits } from "./limits/rate-limits.ts";
import type { Meter } from "./metrics/meter.ts";
import type { ModelPool } from "./model/model-pool.ts";
import type { Rollouts } from "./model/rollouts.ts";
import type { CameraSite } from "./cameras/camera-site.ts";
import type { BodyBudget } from "./overload/body-budget.ts";
import type { TurnQueue } from "./overload/turn-queue.ts";
import type { Clock, Log } from "./ports.ts";
import type { Settings } from "./settings.ts";
import type { ReadableBucket } from "./storage/timed-store.ts";

/** Everything the app needs from outside, so that a test can give its own. */
export interface Services {
  readonly settings: Settings;
  readonly store: ObjectStore;
  /** The store's bucket, for what is passed on without being held in memory. */
  readonly bucket: ReadableBucket;
  readonly models: ModelPool;
  readonly keys: KeyRing;
  /** The way of every image to the version its caller gets. */
  readonly rollouts: Rollouts;
  /** The objects that remember cameras, one a site. */
  readonly sites: DurableObjectNamespace<CameraSite>;
  readonly limits: RateLimits;
  readonly quotas: DailyQuotas;
  readonly turns: TurnQueue;
  readonly bodies: BodyBudget;
  readonly meter: Meter;
  /** Where the metrics of all isolates go, `undefined` where that is not bound. */
  readonly analytics: AnalyticsEngineDataset | undefined;
  /** Keeps some images for a person's look. */
  readonly sampler: Sampler;
  readonly clock: Clock;
  readonly log: Log;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
}
