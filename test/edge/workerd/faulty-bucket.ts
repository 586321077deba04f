import { createGate } from "../../fixtures/gate.ts";

/** What may go wrong with what a bucket is asked to read. */
export const faults = ["fails", "stalls", "truncates", "corrupts"] as const;

/** One thing that may go wrong. */
export type Fault = (typeof faults)[number];

/** A bucket that reads wrongly while it is told to. */
export interface FaultyBucket {
  readonly bucket: R2Bucket;
  /** Reads of keys that match go wrong from now on; `null` makes the bucket sound again. */
  fail(fault: Fault | null, keys?: RegExp): void;
  /** Resolves when a read stalls. */
  readonly stalled: Promise<void>;
  /** Keys that were read. */
  readonly reads: readonly string[];
}

/** Wraps a bucket. */
export function createFaultyBucket(sound: R2Bucket): FaultyBucket {
  let current: { readonly fault: Fault; readonly keys: RegExp } | null = null;
  const reads: string[] = [];
  const stall = createGate();

  async function read<T>(
    key: string,
    askSound: () => Promise<T>,
    spoil: (object: T, fault: Fault) => T,
  ): Promise<T> {
    reads.push(key);
    if (current === null || !current.keys.test(key)) return askSound();
    const { fault } = current;
    if (fault === "fails") {
      throw new Error("get: We encountered an internal error. Please try again. (10001)");
    }
    if (fault === "stalls") {
      stall.open();
      return new Promise(() => undefined);
    }
    return spoil(await askSound(), fault);
  }

  const bucket = new Proxy(sound, {
    get(target, name) {
      if (name === "get") {
        return (key: string, options: R2GetOptions) =>
          read(
            key,
            () => target.get(key, options),
            (object, fault) => (object !== null && "body" in object ? spoiled(object, fault) : object),
          );
      }
      if (name === "head")
        return (key: string) =>
          read(
            key,
            () => target.head(key),
            (object) => object,
          );
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    bucket,
    reads,
    stalled: stall.opened,
    fail: (fault, keys = /./) => {
      current = fault === null ? null : { fault, keys };
    },
  };
}

function spoiled(object: R2ObjectBody, fault: Fault): R2ObjectBody {
  const spoil = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
    if (fault === "truncates") return bytes.slice(0, bytes.length >> 1);
    const copy = bytes.slice();
    // of text the brace it begins with, of weights anything
    copy[0] = (copy[0] ?? 0) ^ 1;
    return copy;
  };
  return new Proxy(object, {
    get(target, name) {
      if (name === "arrayBuffer") {
        return async () => spoil(new Uint8Array(await target.arrayBuffer())).buffer;
      }
      if (name === "body") {
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => controller.enqueue(spoil(chunk)),
        });
        void target.body.pipeTo(writable).catch(() => undefined);
        return readable;
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
