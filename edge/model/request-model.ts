import type { Context } from "hono";
import * as z from "zod/mini";
import type { ClassifyOptions } from "../../shared/contract/classify-request.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias, nameSchema } from "../../shared/contract/names.ts";
import type { AppEnvironment } from "../app-environment.ts";

import type { Services } from "../services.ts";
import type { Settings } from "../settings.ts";
import type { ServedModel } from "./model-cache.ts";
import type { ModelReference } from "./model-reference.ts";
import { rolloutSubject } from "./rollout-subject.ts";
import type { ClassifiedBy } from "./rollouts.ts";

/** What a request may pin: an alias, or one version. */
export type Pin =
  | { readonly kind: "alias"; readonly alias: string }
  | { readonly kind: "version"; readonly version: string };

/** The model that a request asked for. */
export interface RequestedModel {
  readonly reference: ModelReference;
  /** Whether it can answer without being loaded first. */
  readonly isWarm: boolean;
  /** Loads the version that serves where it is not loaded. @throws not_found, model_unavailable */
  readonly load: () => Promise<void>;
  /**
   * Runs something with the version that serves; see `ModelPool.use`.
   * @throws not_found, model_unavailable, overloaded
   */
  readonly use: <T>(run: (served: ServedModel) => T) => Promise<T>;
  /**
   * Classifies an image by the version that this caller gets, which a rollout may make another than `use` has.
   * @param read gives the encoded image, once or, where two versions are compared, twice
   * @throws what `read` and the classifier throw; not_found, model_unavailable
   */
  readonly classify: (read: () => Uint8Array, options: ClassifyOptions) => Promise<ClassifiedBy>;
}

/**
 * The model that answers a request; every route that classifies asks for it here.
 * @param named the model of the path, the main one where there is none
 * @throws {AppError} not_found when no model can have that name
 */
export function requestModel(
  context: Context<AppEnvironment>,
  { models, rollouts, sampler, settings }: Pick<Services, "models" | "rollouts" | "sampler" | "settings">,
  named: string | undefined,
  pin: Pin | null,
): RequestedModel {
  const reference = referenceOf(named, pin, settings);
  const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
  const caller = rolloutSubject(context);
  const asking = context.get("caller");
  const keyId = asking?.kind === "key" ? asking.id : null;
  let images = 0;
  return {
    reference,
    isWarm: models.isLoaded(reference),
    load: () => models.load(reference, keepAlive),
    use: (run) => models.use(reference, keepAlive, run),
    classify: async (read, options) => {
      const sampled = {
        reference,
        requestId: context.get("requestId"),
        index: images++,
        keyId,
        read,
        keepAlive,
      };
      const answer: ClassifiedBy = await rollouts.classify({
        reference,
        caller,
        keepAlive,
        read,
        options,
        onDisagreement: () => sampler.offerDisagreement({ ...sampled, answer }),
      });
      sampler.offerAnswer({ ...sampled, answer });
      return answer;
    },
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
