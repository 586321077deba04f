import type { Context } from "hono";
import { siteSchema } from "../../shared/contract/camera.ts";
import { newWebhookSchema } from "../../shared/contract/camera-requests.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";
import { readJson } from "./manage-cameras.ts";

type Handled = Context<AppEnvironment>;

/** `GET /sites/{site}/webhooks`: where the events of a site go, without secrets. */
export async function listWebhooks(context: Handled, services: Services): Promise<Response> {
  return context.json({ webhooks: await siteIn(context, services).webhooks() });
}

/** `POST /sites/{site}/webhooks`: adds a target; its secret is told here and never again. */
export async function addWebhook(context: Handled, services: Services): Promise<Response> {
  const { url, cameras } = await readJson(context, newWebhookSchema, "the webhook");
  const added = await siteIn(context, services).addWebhook(url, cameras ?? null);
  if ("refused" in added) throw new AppError(added.refused, added.reason);
  return context.json(added, 201);
}

/** `DELETE /sites/{site}/webhooks/{webhook}`, with what was to be delivered there. */
export async function deleteWebhook(context: Handled, services: Services): Promise<Response> {
  const id = context.req.param("webhook") ?? "";
  if (!(await siteIn(context, services).removeWebhook(id))) {
    throw new AppError("not_found", "there is no such webhook; GET /sites/{site}/webhooks lists them");
  }
  return context.body(null, 204);
}

/** `GET /sites/{site}/deliveries`: those that were not made yet, and those given up. */
export async function listDeliveries(context: Handled, services: Services): Promise<Response> {
  return context.json({ deliveries: await siteIn(context, services).deliveries() });
}

/** `POST /sites/{site}/events/{event}/replay`: delivers an event once more, under its id. */
export async function replayEvent(context: Handled, services: Services): Promise<Response> {
  const id = context.req.param("event") ?? "";
  if (!(await siteIn(context, services).replay(id))) {
    throw new AppError("not_found", "there is no such event, or it is too old to be kept");
  }
  return context.json({ queued: true }, 202);
}

/** `GET /sites/{site}/usage`: rows read and written since the object started. */
export async function showUsage(context: Handled, services: Services): Promise<Response> {
  return context.json(await siteIn(context, services).usage());
}

function siteIn(context: Handled, { sites }: Services): ReturnType<Services["sites"]["getByName"]> {
  return sites.getByName(parseWith(siteSchema, context.req.param("site") ?? "", "the site"));
}
