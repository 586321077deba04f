import type { Delivery, Webhook } from "../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../shared/contract/camera-event.ts";
import type { Clock, Log } from "../ports.ts";
import type { CameraKeys } from "./camera-key.ts";
import type { SiteStore, StoredDelivery, StoredWebhook } from "./site-store.ts";
import { parseWebhookUrl } from "./webhook-target.ts";
import { createWebhookSecret, signWebhook } from "./webhook-signature.ts";

/** What webhooks need from outside. */
export interface WebhookPorts {
  readonly clock: Clock;
  /** 0-1. */
  readonly random: () => number;
  readonly send: (url: string, init: RequestInit) => Promise<Response>;
  readonly log: Log;
  /** @throws invalid_argument without a secret */
  readonly keys: () => Promise<CameraKeys>;
  /** Hosts that events may go to. */
  readonly hosts: readonly string[];
}

/** Between two attempts: this long after the first, twice as long after each other. */
const firstRetryMs = 5_000;
const longestRetryMs = 3_600_000;
/** After this long a delivery is given up; it can be replayed. */
const giveUpMs = 24 * 3_600_000;
const timeoutMs = 10_000;
/** Deliveries of one alarm. */
const batch = 100;

/** Brings every event to every target of its site at least once, under one id. */
export class SiteWebhooks {
  readonly #store: SiteStore;
  readonly #ports: WebhookPorts;

  constructor(store: SiteStore, ports: WebhookPorts) {
    this.#store = store;
    this.#ports = ports;
  }

  list(): readonly Webhook[] {
    return this.#store.webhooks().map(describe);
  }

  /** Adds a target. @returns it with its secret, told once @throws invalid_argument */
  async add(url: string, cameras: readonly string[] | null): Promise<Webhook & { readonly secret: string }> {
    const { href } = parseWebhookUrl(url, this.#ports.hosts);
    const keys = await this.#ports.keys();
    const id = crypto.randomUUID();
    const secret = createWebhookSecret();
    const stored: StoredWebhook = {
      id,
      url: href,
      cameras,
      sealedSecret: await keys.seal(secret, id),
      createdAt: this.#ports.clock(),
    };
    this.#store.create();
    this.#store.putWebhook(stored);
    return { ...describe(stored), secret };
  }

  deliveries(): readonly Delivery[] {
    return this.#store.deliveries(500).map(({ event, webhook, attempts, nextAt, lastError }) => ({
      event,
      webhook,
      status: nextAt === null ? "dead" : "pending",
      attempts,
      nextAt: nextAt === null ? null : new Date(nextAt).toISOString(),
      lastError,
    }));
  }

  /** Queues events for the targets that want them. @param delayMs a snapshot takes a moment to be kept */
  enqueue(events: readonly CameraEvent[], delayMs = 0): void {
    const now = this.#ports.clock();
    for (const event of events) {
      for (const webhook of this.#store.webhooks()) {
        if (webhook.cameras !== null && !webhook.cameras.includes(event.camera)) continue;
        this.#store.putDelivery({
          event: event.id,
          webhook: webhook.id,
          attempts: 0,
          nextAt: now + delayMs,
          firstAt: now,
          lastError: null,
        });
      }
    }
  }

  /** Delivers what is due. Targets do not wait for each other; one that does not answer is not asked again at once. */
  async deliver(): Promise<void> {
    const due = this.#store.dueDeliveries(this.#ports.clock(), batch);
    await Promise.all(
      this.#store.webhooks().map(async (webhook) => {
        const deliveries = due.filter((delivery) => delivery.webhook === webhook.id);
        for (const delivery of deliveries) {
          // what waits for a target that is down waits for the next attempt together
          if ((await this.#attempt(webhook, delivery)) === "target is down") return;
        }
      }),
    );
  }

  async #attempt(
    webhook: StoredWebhook,
    delivery: StoredDelivery,
  ): Promise<"done" | "refused" | "target is down"> {
    const event = this.#store.event(delivery.event);
    if (event === null) return "done";
    const failure = await this.#post(webhook, event);
    if (failure === null) {
      this.#store.deleteDelivery(delivery);
      return "done";
    }
    const nextAt = this.#retry(delivery, failure.reason);
    if (failure.isDown) {
      const now = this.#ports.clock();
      this.#store.postpone(webhook.id, nextAt ?? now + longestRetryMs, now - giveUpMs);
    }
    return failure.isDown ? "target is down" : "refused";
  }

  /** @returns `null` when it arrived */
  async #post(
    { id, url, sealedSecret }: StoredWebhook,
    event: CameraEvent,
  ): Promise<{ readonly reason: string; readonly isDown: boolean } | null> {
    const { clock, hosts, keys, send } = this.#ports;
    try {
      // the list may be another than when the target was added
      const target = parseWebhookUrl(url, hosts);
      const secret = await (await keys()).open(sealedSecret, id);
      const body = JSON.stringify(event);
      const response = await send(target.href, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "user-agent": "edgewise",
          ...(await signWebhook(secret, event.id, clock(), body)),
        },
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      if (response.ok) return null;
      const isDown = response.status >= 500 || response.status === 429 || response.status === 408;
      return { reason: `HTTP ${response.status}`, isDown };
    } catch (error) {
      return { reason: error instanceof Error ? error.message.slice(0, 200) : "no answer", isDown: true };
    }
  }

  /** @returns when it is tried next, `null` when it is given up */
  #retry(delivery: StoredDelivery, reason: string): number | null {
    const { clock, random, log } = this.#ports;
    const now = clock();
    const isOver = now - delivery.firstAt >= giveUpMs;
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(delivery.attempts, 20));
    // half of it at random, so that targets that failed together do not come back together
    const nextAt = isOver ? null : now + Math.round(pauseMs * (0.5 + random() / 2));
    this.#store.updateDelivery({ ...delivery, attempts: delivery.attempts + 1, nextAt, lastError: reason });
    const { event, webhook, attempts } = delivery;
    const level = isOver ? "error" : "warn";
    log({ level, event: "webhook-failed", delivery: event, webhook, attempts: attempts + 1, reason, isOver });
    return nextAt;
  }
}

function describe({ id, url, cameras, createdAt }: StoredWebhook): Webhook {
  return {
    id,
    url,
    cameras: cameras === null ? null : [...cameras],
    createdAt: new Date(createdAt).toISOString(),
  };
}
