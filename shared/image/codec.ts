import { AppError } from "../contract/errors.ts";
import type { InputSpec } from "../contract/input-spec.ts";
import { type FailedImage, failureToError, imageLimits } from "./codec-failure.ts";
import type { RgbImage } from "./rgb-image.ts";
import { type ImageFormat, sniffFormat } from "./sniff-format.ts";

/** The part of an input spec that says which pixels come out of a file. */
export type PixelSpec = Pick<
  InputSpec,
  "width" | "height" | "fit" | "cropFraction" | "filter" | "background" | "denoise"
>;

/** An image at the model's size, and what its file was. */
export interface DecodedImage {
  readonly image: RgbImage;
  readonly format: ImageFormat;
  /** Pixels of the file's image, after its orientation. */
  readonly width: number;
  /** Pixels of the file's image, after its orientation. */
  readonly height: number;
  /** EXIF orientation of the file, 1-8; already applied. */
  readonly orientation: number;
  /** Whether the file was Display P3; already converted to sRGB. */
  readonly displayP3: boolean;
  /** Damages in a JPEG that the decoder got over; 0 when it is sound. */
  readonly warnings: number;
}

/** Turns files into pixels, the same ones in Node and in a Worker. Not reentrant, needs no waiting. */
export interface ImageCodec {
  /**
   * The RGB pixels of a JPEG, PNG or WebP at the size of `spec`, orientation applied, in sRGB.
   * @param bytes a whole file, at most 15 MB; left as it is
   * @param into takes the pixels, height x width x 3 of them; absent: a new array
   * @throws unsupported_media_type for a format that is not read, invalid_image when it does not decode,
   * image_too_large beyond a limit on bytes, pixels, sides, scans or memory, invalid_argument for the spec
   */
  decode(bytes: Uint8Array, spec: PixelSpec, into?: Uint8Array): DecodedImage;
}

// What codec/codec.c exports, as codec/codec.h describes it.
interface CodecExports {
  readonly memory: WebAssembly.Memory;
  begin(length: number): number;
  report(): number;
  decode(
    bytes: number,
    length: number,
    width: number,
    height: number,
    fit: number,
    cropFraction: number,
    filter: number,
    background: number,
    denoise: number,
  ): number;
}

interface CodecInstance {
  readonly exports: CodecExports;
  readonly stackPointer: WebAssembly.Global;
  /** Where the stack starts: a throw leaves the pointer where it was. */
  readonly stackStart: number;
}

class CodecFailure extends Error {
  readonly failure: number;

  constructor(failure: number) {
    super(`codec failure ${failure}`);
    this.failure = failure;
  }
}

const fits = { "cover-crop": 0, stretch: 1, letterbox: 2 } as const;
const filters = { triangle: 0, bilinear: 1 } as const;
const denoises = { none: 0, median3: 1 } as const;
const formats = ["jpeg", "png", "webp"] as const;
const reportFields = 11;
/** WebAssembly memory never shrinks: an instance that grew beyond this is left to the garbage collector. */
const keptMemoryBytes = 32 * 1024 * 1024;

/**
 * A codec over the compiled `codec/codec.wasm`.
 * Nothing of one call can reach the next: memory is reset, and after a trap the instance is dropped.
 */
export function createImageCodec(module: WebAssembly.Module): ImageCodec {
  let kept: CodecInstance | null = null;
  return {
    decode(bytes, spec, into) {
      checkFile(bytes);
      const instance = kept ?? instantiate(module);
      kept = null;
      try {
        const decoded = decodeWith(instance, bytes, spec, into);
        kept = instance;
        return decoded;
      } catch (error) {
        if (!(error instanceof CodecFailure)) throw error;
        kept = instance;
        throw toAppError(error, instance, spec, bytes);
      } finally {
        if (instance.exports.memory.buffer.byteLength > keptMemoryBytes) kept = null;
      }
    },
  };
}

function checkFile(bytes: Uint8Array): void {
  if (bytes.length === 0) {
    throw new AppError("invalid_image", "the image is empty; send the bytes of a JPEG, PNG or WebP");
  }
  const sniffed = sniffFormat(bytes);
  if (sniffed.kind === "unreadable") {
    throw new AppError(
      "unsupported_media_type",
      `the body is ${sniffed.name}, which is not read; send a JPEG, PNG or WebP`,
      { details: { recognised: sniffed.name } },
    );
  }
  if (sniffed.kind === "unknown") {
    throw new AppError("invalid_image", "the body is no image we know; send a JPEG, PNG or WebP");
  }
  if (bytes.length > imageLimits.maxBytes) {
    throw new AppError(
      "image_too_large",
      `the image has ${bytes.length} bytes, the limit is ${imageLimits.maxBytes}; resize it before sending`,
    );
  }
}

function instantiate(module: WebAssembly.Module): CodecInstance {
  const { exports } = new WebAssembly.Instance(module, {
    env: {
      fail(failure: number): never {
        throw new CodecFailure(failure);
      },
    },
  });
  // The module is ours: codec-digest.ts names its bytes, build.sh its exports.
  const stackPointer = exports["__stack_pointer"] as WebAssembly.Global;
  return {
    exports: exports as unknown as CodecExports,
    stackPointer,
    stackStart: stackPointer.value,
  };
}

function decodeWith(
  instance: CodecInstance,
  bytes: Uint8Array,
  spec: PixelSpec,
  into?: Uint8Array,
): DecodedImage {
  const { exports } = instance;
  instance.stackPointer.value = instance.stackStart;
  const body = exports.begin(bytes.length);
  new Uint8Array(exports.memory.buffer, body, bytes.length).set(bytes);
  const [red, green, blue] = spec.background;
  const pixels = exports.decode(
    body,
    bytes.length,
    spec.width,
    spec.height,
    fits[spec.fit],
    spec.cropFraction,
    filters[spec.filter],
    (red << 16) | (green << 8) | blue,
    denoises[spec.denoise],
  );
  const size = spec.width * spec.height * 3;
  const data = into ?? new Uint8Array(size);
  data.set(new Uint8Array(exports.memory.buffer, pixels, size));
  const report = readReport(exports);
  const turned = report.orientation >= 5;
  return {
    image: { width: spec.width, height: spec.height, data },
    format: report.format,
    width: turned ? report.height : report.width,
    height: turned ? report.width : report.height,
    orientation: report.orientation,
    displayP3: report.displayP3,
    warnings: report.warnings,
  };
}

interface Report extends FailedImage {
  readonly orientation: number;
  readonly warnings: number;
  readonly displayP3: boolean;
}

function readReport(exports: CodecExports): Report {
  const fields = new Uint32Array(exports.memory.buffer, exports.report(), reportFields);
  const field = (index: number): number => fields[index] ?? 0;
  return {
    format: formats[field(0) - 1] ?? "jpeg",
    width: field(1),
    height: field(2),
    orientation: field(3),
    warnings: field(4),
    displayP3: field(7) === 1,
    libraryCode: field(8),
    scans: field(9),
  };
}

function toAppError(
  error: CodecFailure,
  { exports }: CodecInstance,
  spec: PixelSpec,
  bytes: Uint8Array,
): AppError {
  if (error.failure === 9) {
    return new AppError(
      "invalid_argument",
      `an input of ${spec.width}x${spec.height} px, cropFraction ${spec.cropFraction}: sides are 1 to 1024 and the fraction above 0, at most 1`,
    );
  }
  const { format, width, height, scans, libraryCode } = readReport(exports);
  const sniffed = sniffFormat(bytes);
  return failureToError(error.failure, {
    format: sniffed.kind === "readable" ? sniffed.format : format,
    width,
    height,
    scans,
    libraryCode,
  });
}
