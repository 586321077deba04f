import type { Context } from "hono";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias, nameSchema } from "../../shared/contract/names.ts";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";
import type { Settings } from "../settings.ts";
import type { ServedModel } from "./model-cache.ts";
import type { ModelReference } from "./model-reference.ts";

/** What a request may pin: an alias, or one version. */
export type Pin =
  | { readonly kind: "alias"; readonly alias: string }
  | { readonly kind: "version"; readonly version: string };

/** The model that a request asked for. */
export interface RequestedModel {
  readonly reference: ModelReference;
  /** Whether it can answer without being loaded first. */
  readonly isWarm: boolean;
  /** Runs something with it; see `ModelPool.use`. @throws not_found, model_unavailable */
  readonly use: <T>(run: (served: ServedModel) => T) => Promise<T>;
}

/**
 * The model that answers a request; every route that classifies asks for it here.
 * @param named the model of the path, the main one where there is none
 * @throws {AppError} not_found when no model can have that name
 */
export function requestModel(
  context: Context<AppEnvironment>,
  { models, settings }: Pick<Services, "models" | "settings">,
  named: string | undefined,
  pin: Pin | null,
): RequestedModel {
  const reference = referenceOf(named, pin, settings);
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  return {
    reference,
    isWarm: models.isLoaded(reference),
    use: (run) => models.use(reference, keepAlive, run),
  };
}

function referenceOf(named: string | undefined, pin: Pin | null, settings: Settings): ModelReference {
  const model = named ?? settings.model;
  if (!z.safeParse(nameSchema, model).success) {
    throw new AppError("not_found", "there is no model of that name; GET /models lists what there is");
  }
  if (pin?.kind === "version") return { kind: "version", model, version: pin.version };
  const alias = pin?.alias ?? (model === settings.model ? settings.alias : defaultAlias);
  return { kind: "alias", model, alias };
}
