import { cameraIdSchema, siteOf } from "../../shared/contract/camera.ts";
import { AppError } from "../../shared/contract/errors.ts";
import * as z from "zod/mini";
import type { Services } from "../services.ts";
import type { CameraMemory } from "./camera-memory.ts";
import { findToken, hashToken } from "./camera-token.ts";
import type { CameraRecord } from "./site-contract.ts";

/** A camera that may post. */
export interface AdmittedCamera {
  readonly record: CameraRecord;
  /** Hash of its token, `null` where an API key let it in. */
  readonly tokenSha256: string | null;
}

/** What a site said of a camera holds this long; the site itself checks again with every frame. */
const recordMs = 10_000;
/** What it said holds at least this long against wrong tokens and names, so that guessing costs the site nothing. */
const leastMs = 1_000;

/**
 * The camera that a token belongs to.
 * @param token `null` where an API key has let the caller in
 * @throws {AppError} unauthorized, the same for a camera that does not exist and a token that is wrong; not_found for a
 * caller with a key
 */
export async function admitCamera(
  id: string,
  token: string | null,
  services: Pick<Services, "sites" | "clock">,
  memory: CameraMemory,
): Promise<AdmittedCamera> {
  const isName = z.safeParse(cameraIdSchema, id).success;
  const sha256 = token === null ? null : await hashToken(token);
  for (const maxAgeMs of [recordMs, leastMs]) {
    const record = isName ? await lookUp(id, maxAgeMs, services, memory) : null;
    if (record !== null && sha256 === null) return { record, tokenSha256: null };
    if (record !== null && sha256 !== null && findToken(record.tokens, sha256, services.clock())) {
      return { record, tokenSha256: sha256 };
    }
    // rotated a moment ago, perhaps
  }
  if (token === null) throw new AppError("not_found", `there is no camera ${id}; make it first`);
  throw new AppError("unauthorized", "this camera does not exist, or the token is not its own or ran out");
}

/** The camera as the site has it, not older than told. */
export async function lookUp(
  id: string,
  maxAgeMs: number,
  { sites, clock }: Pick<Services, "sites" | "clock">,
  memory: CameraMemory,
): Promise<CameraRecord | null> {
  const camera = memory.of(id);
  if (clock() - camera.lookedUpAt < maxAgeMs) return camera.record;
  const record = await sites.getByName(siteOf(id)).lookUp(id);
  if (record?.revision !== camera.record?.revision) camera.reference = null;
  camera.record = record;
  camera.lookedUpAt = clock();
  return record;
}
