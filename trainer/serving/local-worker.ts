import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import * as z from "zod/mini";
import { parseWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { createR2Store } from "../../shared/store/r2-binding-store.ts";
import { requireClosedOrLocal } from "./access.ts";
import { bucketWorkerName, bucketWorkerScript, createBucketClient } from "./bucket-worker.ts";
import { type ListenAddress, requireFreePort } from "./free-port.ts";
import { withoutForeignHandlers } from "./signal-handlers.ts";
import type { WorkerArtefact } from "./worker-artefact.ts";

/** The edge Worker running in workerd on this machine. */
export interface LocalWorker {
  /** Where it answers, e.g. `http://127.0.0.1:8787`. */
  readonly url: string;
  /** The R2 bucket the Worker reads. */
  readonly bucket: ObjectStore;
  /** Where V8's inspector of the Worker listens, `null` unless it was asked for. */
  readonly inspectorUrl: URL | null;
  /** Ends workerd; its bucket goes with it, the record is the local store, unless there is a folder for it. */
  stop(): Promise<void>;
}

/** Where a local Worker listens. */
export interface ListenOptions extends ListenAddress {
  /** Whether callers on this machine need no API key; then `host` must be a loopback address. */
  readonly open: boolean;
  /** Receives each line the Worker logs. */
  readonly onLog?: (line: string) => void;
  /** Variables that replace those of wrangler.jsonc. */
  readonly vars?: Readonly<Record<string, string>>;
  /**
   * Answers at a socket of the Worker's own, for measurements: Miniflare's proxy, which the deployed Worker has not, is
   * an isolate in the same process. Without it nobody tells the Worker the address of its caller.
   */
  readonly direct?: boolean;
  /** Folder in which objects and bucket outlive workerd; without one they go with it. */
  readonly stateFolder?: string;
  /** Whether V8's inspector listens, on loopback: for measurements only. */
  readonly inspect?: boolean;
}

/** What workerd calls the Worker. */
export const servingWorkerName = "edgewise";
const bucketsSchema = z.object({ r2Buckets: z.object({ MODELS: z.object({ id: z.string() }) }) });

/**
 * Starts a built Worker in real workerd.
 * @throws invalid_argument when it cannot listen there, or would be open to other machines
 */
export async function startLocalWorker(
  artefact: WorkerArtefact,
  options: ListenOptions,
): Promise<LocalWorker> {
  requireClosedOrLocal(options);
  await requireFreePort(options);
  return withoutForeignHandlers(() => startMiniflare(artefact, options));
}

async function startMiniflare(artefact: WorkerArtefact, options: ListenOptions): Promise<LocalWorker> {
  const { modulesRules: _, ...workerOptions } = artefact.options;
  const bucket = parseWith(bucketsSchema, workerOptions, "the buckets of edge/wrangler.jsonc", "internal")
    .r2Buckets.MODELS;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          ...workerOptions,
          name: servingWorkerName,
          bindings: { ...artefact.vars, OPEN: String(options.open), SINGLE_PROCESS: "true", ...options.vars },
          modulesRoot: artefact.folder,
          modules: [...artefact.modules],
          // what the Worker would keep nearer than its bucket is as near as its bucket here
          cacheAPI: false,
          ...(options.direct === true ? { unsafeDirectSockets: [{ host: options.host, port: 0 }] } : {}),
        },
        {
          name: bucketWorkerName,
          modules: true,
          script: bucketWorkerScript,
          r2Buckets: { BUCKET: bucket },
        },
      ],
      host: options.host,
      port: options.port,
      // No look-up of the machine's place in the world, no telemetry: nothing leaves this machine.
      cf: false,
      telemetry: { enabled: false },
      ...(options.inspect === true ? { inspectorPort: 0 } : {}),
      ...(options.stateFolder === undefined ? {} : { resourcePersistencePath: options.stateFolder }),
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: ({ message }) => options.onLog?.(message),
    }),
  );
  try {
    const proxied = await miniflare.ready;
    const url = options.direct === true ? await miniflare.unsafeGetDirectURL(servingWorkerName) : proxied;
    const bucketWorker = await miniflare.getWorker(bucketWorkerName);
    return {
      url: url.origin,
      inspectorUrl: options.inspect === true ? await miniflare.getInspectorURL() : null,
      bucket: createR2Store(createBucketClient(bucketWorker.fetch.bind(bucketWorker))),
      stop: () => miniflare.dispose(),
    };
  } catch (cause) {
    // What did not start cannot be stopped either; the first failure is the one to tell.
    await miniflare.dispose().catch(() => undefined);
    throw cause;
  }
}
