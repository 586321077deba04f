import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import type { WorkerArtefact, WorkerModule } from "../../../trainer/serving/worker-artefact.ts";
import { bindOutside, serveBucket } from "./outside-bucket.ts";

/** Isolates of one workerd that no request has reached. */
export interface FreshIsolates {
  /** Where each answers. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts the Worker several times over in one workerd, as a machine of Cloudflare's runs many: each copy is an isolate
 * of its own, asked at its own socket, without Miniflare's proxy, its bucket outside.
 */
export async function startIsolates(
  artefact: WorkerArtefact,
  store: ObjectStore,
  count: number,
): Promise<FreshIsolates> {
  const bucket = await serveBucket(store);
  const { modulesRules: _, r2Buckets: __, ...workerOptions } = artefact.options;
  const names = Array.from({ length: count }, (_unused, index) => `edgewise-${index}`);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: names.map((name) => ({
        ...workerOptions,
        name,
        bindings: { ...artefact.vars, OPEN: "true", SINGLE_PROCESS: "true" },
        modulesRoot: artefact.folder,
        modules: artefact.modules.map((module) => ownCopy(module, name)),
        cacheAPI: false,
        unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        unsafeBindings: [bindOutside(bucket)],
      })),
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: () => undefined,
    }),
  );
  await miniflare.ready;
  const urls = await Promise.all(names.map((name) => miniflare.unsafeGetDirectURL(name)));
  return {
    urls: urls.map((url) => url.origin),
    stop: async () => {
      await miniflare.dispose();
      bucket.close();
    },
  };
}

/** The module with a section of its own at its end: V8 would share the compiled code of equal ones between isolates. */
function ownCopy(module: WorkerModule, name: string): WorkerModule {
  if (module.type !== "CompiledWasm") return module;
  const label = new TextEncoder().encode(name);
  const section = [0, label.length + 1, label.length, ...label];
  return { ...module, contents: new Uint8Array([...module.contents, ...section]) };
}
