import type { Context } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import { listModels } from "../model/list-models.ts";
import type { Services } from "../services.ts";

/** `GET /models`: the versions and aliases that can be used. */
export async function answerModels(
  context: Context<AppEnvironment>,
  { store }: Pick<Services, "store">,
): Promise<Response> {
  context.header("cache-control", "no-store");
  return context.json({ models: await listModels(store) });
}
