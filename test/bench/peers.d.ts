// The few calls the benchmark makes of its peers, so that it is type-checked where they are not installed.

declare module "sharp" {
  export interface Sharp {
    autoOrient(): Sharp;
    resize(
      width: number,
      height: number,
      options: { fit: "fill" | "cover"; kernel: "linear" | "lanczos3" },
    ): Sharp;
    removeAlpha(): Sharp;
    raw(): Sharp;
    jpeg(options: { quality: number; progressive: boolean; chromaSubsampling: "4:2:0" }): Sharp;
    toBuffer(): Promise<Buffer>;
  }
  interface Library {
    (bytes: Uint8Array): Sharp;
    /** Threads that libvips may use. */
    concurrency(threads: number): number;
    cache(enabled: boolean): unknown;
  }
  const sharp: Library;
  export default sharp;
}

declare module "@jsquash/jpeg/decode.js" {
  export function init(module: WebAssembly.Module): Promise<void>;
  export default function decode(bytes: ArrayBuffer): Promise<ImageData>;
}

declare module "@jsquash/resize" {
  export function initResize(module: WebAssembly.Module): Promise<unknown>;
  export default function resize(
    image: ImageData,
    options: {
      width: number;
      height: number;
      method: "triangle";
      fitMethod: "stretch" | "contain";
      premultiply: boolean;
      linearRGB: boolean;
    },
  ): Promise<ImageData>;
}

/** Pixels as the web's canvas holds them: RGBA, row-major. */
interface ImageData {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

declare module "onnxruntime-web/wasm" {
  export * from "onnxruntime";
}

declare module "onnxruntime-node" {
  export * from "onnxruntime";
}

declare module "onnxruntime" {
  export interface SessionOptions {
    readonly executionProviders: readonly string[];
    readonly intraOpNumThreads: number;
    readonly interOpNumThreads: number;
    readonly executionMode: "sequential";
    readonly graphOptimizationLevel: "all";
  }
  export interface Session {
    run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  }
  export class Tensor {
    constructor(type: "float32", data: Float32Array, shape: readonly number[]);
    readonly data: Float32Array;
  }
  export const InferenceSession: {
    create(model: Uint8Array, options: SessionOptions): Promise<Session>;
  };
  export const env: { logLevel: string; readonly wasm: { numThreads: number; simd: boolean } };
}
