import tfjsWasm from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm";
import { registerKernels } from "../../../edge/model/kernels.ts";
import { createImageCodec } from "../../../shared/image/codec.ts";
import codecWasm from "../../../shared/image/codec/codec.wasm";
import { openBundle } from "../../../shared/inference/bundle.ts";
import { type Classifier, createClassifier } from "../../../shared/inference/classifier.ts";
import type { EngineChoice } from "../../../shared/inference/engine-choice.ts";
import kernelsWasm from "../../../shared/inference/kernels/kernels.wasm";
import { installWasmBackend } from "../../../shared/inference/wasm-backend.ts";

/** What the Worker that measures is given. */
interface Bindings {
  readonly ENGINE: EngineChoice;
  /** Answers `/<file of the bundle>`. */
  readonly FILES: { fetch(url: string): Promise<Response> };
}

let opened: Classifier | undefined;

/** Runs the model on the normalised image that is posted, `?times=` over; answers the last logits. */
// oxlint-disable-next-line import/no-default-export -- what workerd runs
export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    opened ??= await open(bindings);
    const image = new Float32Array(await request.arrayBuffer());
    const times = Number(new URL(request.url).searchParams.get("times"));
    let logits = new Float32Array();
    for (let run = 0; run < times; run++) logits = new Float32Array(opened.infer(image).logits);
    return new Response(logits);
  },
};

async function open({ ENGINE, FILES }: Bindings): Promise<Classifier> {
  registerKernels();
  await installWasmBackend(tfjsWasm, { kernels: kernelsWasm, maxBytes: 128 * 1024 * 1024 });
  const read = async (path: string): Promise<Uint8Array> =>
    new Uint8Array(await (await FILES.fetch(`http://files/${path}`)).arrayBuffer());
  const bundle = await openBundle({ manifest: await read("manifest.json"), readFile: read });
  return createClassifier(bundle, createImageCodec(codecWasm), ENGINE);
}
