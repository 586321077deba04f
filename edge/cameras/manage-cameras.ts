import type { Context } from "hono";
import * as z from "zod/mini";
import { framesPerSecond } from "../../shared/camera/camera-health.ts";
import type { CameraState } from "../../shared/camera/decide.ts";
import {
  type CameraConfig,
  cameraConfigSchema,
  cameraIdSchema,
  siteOf,
  siteSchema,
} from "../../shared/contract/camera.ts";
import type { Camera } from "../../shared/contract/camera-api.ts";
import { newCameraSchema, rotationSchema } from "../../shared/contract/camera-requests.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { parseJsonWith, parseWith } from "../../shared/contract/parse.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { readBody } from "../http/read-body.ts";
import type { Services } from "../services.ts";
import type { CameraMemory } from "./camera-memory.ts";
import { isActive } from "./camera-token.ts";
import type { CameraRecord } from "./site-contract.ts";

type Handled = Context<AppEnvironment>;

const longestBody = 64 * 1024;
const defaultOverlapSeconds = 3600;

/** `GET /cameras?site=`: the cameras of a site. */
export async function listCameras(context: Handled, { sites, clock }: Services): Promise<Response> {
  const site = parseWith(siteSchema, context.req.query("site") ?? "default", "the site");
  const cameras = await sites.getByName(site).cameras();
  return context.json({
    cameras: cameras.map(({ record, state }) => describeCamera(record, state, clock())),
  });
}

/** `POST /cameras`: makes a camera; its token is told here and never again. */
export async function makeCamera(context: Handled, services: Services): Promise<Response> {
  const { id, config } = await readJson(context, newCameraSchema, "the camera");
  const made = await siteOfCamera(id, services).create(id, parseConfig(config ?? {}, services));
  if ("refused" in made) throw new AppError(made.refused, made.reason);
  context.header("location", `/cameras/${id}`);
  return context.json(tokenAnswer(id, made.token), 201);
}

/** `GET /cameras/{camera}`. */
export async function showCamera(context: Handled, services: Services): Promise<Response> {
  const id = cameraOf(context);
  const found = await siteOfCamera(id, services).camera(id);
  if (found === null) throw noCamera(id);
  return context.json(describeCamera(found.record, found.state, services.clock()));
}

/** `PATCH /cameras/{camera}`: changes the parts of the configuration that are given. */
export async function editCamera(
  context: Handled,
  services: Services,
  memory: CameraMemory,
): Promise<Response> {
  const id = cameraOf(context);
  const site = siteOfCamera(id, services);
  const change = await readJson(context, z.record(z.string(), z.unknown()), "the change");
  const found = await site.camera(id);
  if (found === null) throw noCamera(id);
  const config = parseConfig({ ...found.record.config, ...change }, services);
  const record = await site.edit(id, config);
  memory.forget(id);
  if (record === null) throw noCamera(id);
  return context.json(describeCamera(record, found.state, services.clock()));
}

/** `POST /cameras/{camera}/rotate`: a new token; those before end after the overlap. */
export async function rotateCamera(
  context: Handled,
  services: Services,
  memory: CameraMemory,
): Promise<Response> {
  const id = cameraOf(context);
  const { overlapSeconds = defaultOverlapSeconds } = await readJson(context, rotationSchema, "the rotation");
  const made = await siteOfCamera(id, services).rotate(id, overlapSeconds * 1000);
  memory.forget(id);
  if (made === null) throw noCamera(id);
  return context.json(tokenAnswer(id, made.token));
}

/** `DELETE /cameras/{camera}`: with its state, events, deliveries and snapshots. */
export async function deleteCamera(
  context: Handled,
  services: Services,
  memory: CameraMemory,
): Promise<Response> {
  const id = cameraOf(context);
  const was = await siteOfCamera(id, services).remove(id);
  memory.forget(id);
  if (!was) throw noCamera(id);
  return context.body(null, 204);
}

/** The camera that the path names. @throws {AppError} not_found for what cannot be one */
export function cameraOf(context: Handled): string {
  const id = context.req.param("camera") ?? "";
  if (!z.safeParse(cameraIdSchema, id).success) throw noCamera(id.slice(0, 50));
  return id;
}

/** The object of a camera's site. */
export function siteOfCamera(
  id: string,
  { sites }: Pick<Services, "sites">,
): ReturnType<Services["sites"]["getByName"]> {
  return sites.getByName(siteOf(id));
}

/** There is no such camera. */
export function noCamera(id: string): AppError {
  return new AppError("not_found", `there is no camera ${id}; GET /cameras lists those of a site`);
}

/** Parses a whole configuration. @throws {AppError} invalid_argument */
export function parseConfig(value: unknown, { settings }: Pick<Services, "settings">): CameraConfig {
  const config = parseWith(cameraConfigSchema, value, "the configuration of the camera");
  if (config.snapshots !== null && settings.cameraKey === undefined) {
    throw new AppError(
      "invalid_argument",
      "snapshots need the secret CAMERA_KEY to sign links to them; set it, or leave snapshots null",
    );
  }
  return config;
}

/** A JSON body by its schema; none is an empty object. @throws {AppError} invalid_argument, payload_too_large */
export async function readJson<T extends z.ZodMiniType>(
  context: Handled,
  schema: T,
  what: string,
): Promise<z.infer<T>> {
  const body = new TextDecoder().decode(await readBody(context.req.raw, longestBody));
  return parseJsonWith(schema, body === "" ? "{}" : body, what);
}

function tokenAnswer(camera: string, token: string): Record<string, string> {
  return { camera, token, path: `/f/${camera}/${token}` };
}

function describeCamera(record: CameraRecord, state: CameraState, now: number): Camera {
  const { id, config, revision, createdAt, tokens } = record;
  const { health } = state;
  return {
    id,
    site: siteOf(id),
    config,
    revision,
    createdAt: iso(createdAt),
    tokens: tokens
      .filter((token) => isActive(token, now))
      .map((token) => ({
        id: token.id,
        createdAt: iso(token.createdAt),
        expiresAt: token.expiresAt === null ? null : iso(token.expiresAt),
      })),
    state: {
      label: state.label,
      since: state.since === null ? null : iso(state.since),
      probability: state.probability,
    },
    health: {
      lastSeenAt: health.lastSeenAt === null ? null : iso(health.lastSeenAt),
      framesPerSecond: framesPerSecond(health),
      faults: [...health.faults],
    },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
