import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import type { EngineChoice } from "../../../shared/inference/engine-choice.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { encodeManifest } from "../../../trainer/release/publish.ts";
import { serveContender } from "../contender.ts";
import { buildBenchWorker } from "../workerd/build-worker.ts";
import { workerdCpuMs } from "../workerd/processor-time.ts";
import { bundleMobileNet, drawInput, type MobileNetWorkload } from "../workloads/mobilenet.ts";

const labels: Readonly<Record<EngineChoice, string>> = {
  fastest: "shared/inference in workerd",
  stock: "tfjs 4.22.0's kernels on the fused graph, by our loader, in workerd",
};

await serveContender<MobileNetWorkload & { readonly engine: EngineChoice }>(
  async ({ engine, ...workload }) => {
    await openInference();
    const bundle = await bundleMobileNet(workload);
    const files = new Map(bundle.files.map(({ path, bytes }) => [path, bytes]));
    files.set("manifest.json", encodeManifest(bundle.manifest));
    const worker = new Miniflare(
      convertV4MiniflareOptions({
        modules: [...(await buildBenchWorker("infer-worker.ts"))],
        modulesRoot: "/bench",
        compatibilityDate: "2026-11-01",
        bindings: { ENGINE: engine },
        serviceBindings: {
          FILES: (request: Request) =>
            new Response(Buffer.from(files.get(new URL(request.url).pathname.slice(1)) ?? "")),
        },
        cf: false,
        telemetry: { enabled: false },
        log: new Log(LogLevel.ERROR),
      }),
    );
    const url = await worker.ready;
    const image = drawInput(workload);
    const run = async (times: number): Promise<Float32Array> => {
      const response = await fetch(`${url.href}?times=${times}`, { method: "POST", body: image });
      if (!response.ok) throw new Error(`${engine}: ${response.status} ${await response.text()}`);
      return new Float32Array(await response.arrayBuffer());
    };
    return { label: labels[engine], run: () => run(1), repeat: run, cpuMs: workerdCpuMs };
  },
);
