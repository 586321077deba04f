import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import * as z from "zod/mini";
import { siteOf } from "../../shared/contract/camera.ts";
import {
  type Camera,
  cameraSchema,
  cameraTokenSchema,
  deliverySchema,
  webhookSchema,
} from "../../shared/contract/camera-api.ts";
import { type CameraEvent, cameraEventSchema } from "../../shared/contract/camera-event.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { openWorkerApi, type WorkerApi } from "../serving/worker-api.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { percent, table } from "../terminal/table.ts";
import { type CommonOptions, parseCount, parsePositive, withCommonOptions } from "./common-options.ts";

interface CamerasOptions extends CommonOptions {
  readonly url: string;
}

interface Asked {
  readonly api: WorkerApi;
  readonly output: Output;
}

const anything = z.looseObject({});

/** Adds `cameras …`: makes, lists, edits, rotates and deletes the cameras of a Worker, and where their events go. */
export function addCamerasCommands(program: Command): void {
  const cameras = program
    .command("cameras")
    .description(
      "cameras of a Worker and where their events go; EDGEWISE_API_KEY holds a key of scope admin",
    );
  addCreate(cameras);
  addList(cameras);
  addEdit(cameras);
  addRotate(cameras);
  addDelete(cameras);
  addEvents(cameras);
  addWebhooks(cameras);
}

function addCreate(cameras: Command): void {
  const command = cameras
    .command("create")
    .description("make a camera and show where it posts; its token is shown this once")
    .argument("<camera>", "its name, or site.name")
    .option("--config <json>", "JSON, or @file with it");
  withWorker(command, [
    "npm run edgewise -- cameras create gate",
    `npm run edgewise -- cameras create yard.door --config '{"labels": {"person": "occupied"}, "vote": {"k": 2, "n": 3}}'`,
  ]).action(async (id: string, options: CamerasOptions & { readonly config?: string }) => {
    const { api, output } = ask(options);
    const config = await readConfig(options.config);
    const made = await api.ask("POST", "/cameras", cameraTokenSchema, { id, config });
    output.answer(`${options.url}${made.path}`);
    output.say(`camera ${id} posts there; keep the address now, it is not shown again`);
    output.result(made);
  });
}

function addList(cameras: Command): void {
  const command = cameras
    .command("list")
    .description("list the cameras of a site with their state and health")
    .option("--site <name>", "the site", "default");
  withWorker(command, [
    "npm run edgewise -- cameras list",
    "npm run edgewise -- cameras list --site yard --json",
  ]).action(async (options: CamerasOptions & { readonly site: string }) => {
    const { api, output } = ask(options);
    const schema = z.strictObject({ cameras: z.array(cameraSchema) });
    const { cameras: found } = await api.ask(
      "GET",
      `/cameras?site=${encodeURIComponent(options.site)}`,
      schema,
    );
    if (found.length === 0) output.say(`no camera in site ${options.site}; cameras create <name> makes one`);
    const heading = ["camera", "state", "since", "probability", "frames/s", "faults"];
    if (found.length > 0) for (const line of table([heading, ...found.map(rowOf)])) output.answer(line);
    output.result({ cameras: found });
  });
}

function addEdit(cameras: Command): void {
  const command = cameras
    .command("edit")
    .description("change parts of a camera's configuration")
    .argument("<camera>")
    .requiredOption("--config <json>", "JSON with the parts that change, or @file with it");
  withWorker(command, [
    `npm run edgewise -- cameras edit gate --config '{"region": {"left": 0.2, "top": 0, "width": 0.5, "height": 1}}'`,
    "npm run edgewise -- cameras edit gate --config @gate.json",
  ]).action(async (id: string, options: CamerasOptions & { readonly config: string }) => {
    const { api, output } = ask(options);
    const camera = await api.ask("PATCH", `/cameras/${id}`, cameraSchema, await readConfig(options.config));
    output.answer(`${id} has revision ${camera.revision}`);
    output.result(camera);
  });
}

function addRotate(cameras: Command): void {
  const command = cameras
    .command("rotate")
    .description("give a camera a new token; those before end after the overlap")
    .argument("<camera>")
    .option("--overlap <seconds>", "0 when a token leaked", parseCount, 3600);
  withWorker(command, [
    "npm run edgewise -- cameras rotate gate",
    "npm run edgewise -- cameras rotate gate --overlap 0",
  ]).action(async (id: string, options: CamerasOptions & { readonly overlap: number }) => {
    const { api, output } = ask(options);
    const body = { overlapSeconds: options.overlap };
    const made = await api.ask("POST", `/cameras/${id}/rotate`, cameraTokenSchema, body);
    output.answer(`${options.url}${made.path}`);
    output.result(made);
  });
}

function addDelete(cameras: Command): void {
  const command = cameras
    .command("delete")
    .description("delete a camera with its state, events, deliveries and snapshots")
    .argument("<camera>");
  withWorker(command, ["npm run edgewise -- cameras delete gate"]).action(
    async (id: string, options: CamerasOptions) => {
      const { api, output } = ask(options);
      await api.ask("DELETE", `/cameras/${id}`, anything);
      output.answer(`${id} is deleted, with everything of it`);
      output.result({ camera: id, deleted: true });
    },
  );
}

function addEvents(cameras: Command): void {
  const command = cameras
    .command("events")
    .description("show the last events of a camera, the newest first")
    .argument("<camera>")
    .option("--limit <number>", "at most so many", parsePositive, 20)
    .option("--replay <event>", "deliver this event once more instead");
  withWorker(command, [
    "npm run edgewise -- cameras events gate",
    "npm run edgewise -- cameras events gate --replay 0b6b5d0e-0000-4000-8000-000000000000",
  ]).action(
    async (id: string, options: CamerasOptions & { readonly limit: number; readonly replay?: string }) => {
      const { api, output } = ask(options);
      if (options.replay !== undefined) {
        await api.ask("POST", `/sites/${siteOf(id)}/events/${options.replay}/replay`, anything);
        output.answer(`${options.replay} is delivered once more`);
        output.result({ replayed: options.replay });
        return;
      }
      const schema = z.strictObject({ events: z.array(cameraEventSchema) });
      const { events } = await api.ask("GET", `/cameras/${id}/events?limit=${options.limit}`, schema);
      for (const event of events) output.answer(describeEvent(event));
      output.result({ events });
    },
  );
}

function addWebhooks(cameras: Command): void {
  const command = cameras
    .command("webhooks")
    .description("list where the events of a site go and what could not be delivered; add or delete a target")
    .option("--site <name>", "the site", "default")
    .option("--add <url>", "send events there; the secret is shown this once")
    .option("--camera <cameras...>", "only events of these")
    .option("--delete <webhook>", "send no more events there");
  withWorker(command, [
    "npm run edgewise -- cameras webhooks",
    "npm run edgewise -- cameras webhooks --add https://hooks.example.com/gate --camera gate",
  ]).action(async (options: WebhookOptions) => {
    const { api, output } = ask(options);
    const path = `/sites/${encodeURIComponent(options.site)}`;
    if (options.delete !== undefined) {
      await api.ask("DELETE", `${path}/webhooks/${options.delete}`, anything);
      output.result({ webhook: options.delete, deleted: true });
      return;
    }
    if (options.add !== undefined) {
      const schema = z.strictObject({ ...webhookSchema.shape, secret: z.string() });
      const body = { url: options.add, ...(options.camera === undefined ? {} : { cameras: options.camera }) };
      const added = await api.ask("POST", `${path}/webhooks`, schema, body);
      output.answer(added.secret);
      output.say(`webhook ${added.id} is signed with this secret: keep it now, it is not shown again`);
      output.result(added);
      return;
    }
    await showWebhooks(path, api, output);
  });
}

interface WebhookOptions extends CamerasOptions {
  readonly site: string;
  readonly add?: string;
  readonly camera?: readonly string[];
  readonly delete?: string;
}

async function showWebhooks(path: string, api: WorkerApi, output: Output): Promise<void> {
  const { webhooks } = await api.ask(
    "GET",
    `${path}/webhooks`,
    z.strictObject({ webhooks: z.array(webhookSchema) }),
  );
  const schema = z.strictObject({ deliveries: z.array(deliverySchema) });
  const { deliveries } = await api.ask("GET", `${path}/deliveries`, schema);
  for (const { id, url, cameras } of webhooks)
    output.answer(`${id} ${url} ${cameras?.join(", ") ?? "all cameras"}`);
  for (const { event, status, attempts, lastError } of deliveries) {
    output.answer(
      `  ${status} after ${attempts} attempts: event ${event}${lastError === null ? "" : `, ${lastError}`}`,
    );
  }
  output.result({ webhooks, deliveries });
}

function withWorker(command: Command, examples: readonly string[]): Command {
  return withCommonOptions(
    command.option("--url <url>", "where the Worker answers", "http://127.0.0.1:8787"),
    examples,
  );
}

function ask(options: CamerasOptions): Asked {
  const api = openWorkerApi(options.url, process.env["EDGEWISE_API_KEY"]);
  return { api, output: createOutput(options.json) };
}

async function readConfig(text: string | undefined): Promise<unknown> {
  if (text === undefined) return {};
  try {
    return JSON.parse(text.startsWith("@") ? await readFile(text.slice(1), "utf8") : text);
  } catch (cause) {
    throw new AppError("invalid_argument", `the configuration is no JSON: ${String(cause)}`, { cause });
  }
}

function rowOf({ id, state, health }: Camera): string[] {
  return [
    id,
    state.label ?? "-",
    state.since ?? "-",
    state.label === null ? "-" : percent(state.probability),
    health.framesPerSecond === null ? "-" : String(health.framesPerSecond),
    health.faults.join(", ") || "-",
  ];
}

function describeEvent(event: CameraEvent): string {
  const what =
    event.type === "camera.state"
      ? `${event.previous} -> ${event.label} (${percent(event.probability)})`
      : `${event.fault} ${event.active ? "began" : "is over"}`;
  return `${event.at} ${what}  ${event.id}`;
}
