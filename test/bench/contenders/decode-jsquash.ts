import { readFileSync } from "node:fs";
import decode, { init } from "@jsquash/jpeg/decode.js";
import resize, { initResize } from "@jsquash/resize";
import { serveContender } from "../contender.ts";
import { packageFile, packageVersion } from "../package-version.ts";
import type { DecodeWorkload } from "./decode-workload.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the project's types hide the constructor, which Workers lack
const CompiledModule = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;

await serveContender<DecodeWorkload>(async ({ file, size }) => {
  provideImageData();
  await init(compile("@jsquash/jpeg", "codec/dec/mozjpeg_dec.wasm"));
  await initResize(compile("@jsquash/resize", "lib/resize/pkg/squoosh_resize_bg.wasm"));
  const bytes = new Uint8Array(readFileSync(file));
  const options = {
    width: size,
    height: size,
    method: "triangle",
    fitMethod: "stretch",
    premultiply: false,
    linearRGB: false,
  } as const;
  return {
    label: `@jsquash/jpeg ${packageVersion("@jsquash/jpeg")} + @jsquash/resize ${packageVersion("@jsquash/resize")}`,
    run: async () => withoutAlpha((await resize(await decode(bytes.buffer), options)).data),
  };
});

function compile(packageName: string, path: string): WebAssembly.Module {
  return new CompiledModule(readFileSync(packageFile(packageName, path)));
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from] as number;
    rgb[to + 1] = rgba[from + 1] as number;
    rgb[to + 2] = rgba[from + 2] as number;
  }
  return rgb;
}

/** The web's class, which Node does not have and both packages return. */
function provideImageData(): void {
  Object.assign(globalThis, {
    ImageData: class {
      readonly data: Uint8ClampedArray;
      readonly width: number;
      readonly height: number;

      constructor(data: Uint8ClampedArray, width: number, height: number) {
        this.data = data;
        this.width = width;
        this.height = height;
      }
    },
  });
}
