import { sha256Hex } from "../../shared/store/sha256.ts";

/**
 * Bytes by their SHA-256, nearer than the object store. It promises nothing: what it lost, spoilt or cannot tell soon
 * enough is simply not there.
 */
export interface DigestCache {
  /** At most `mostBytes` bytes that have the digest, or `null`. Never rejects. */
  match(sha256: string, mostBytes: number): Promise<Uint8Array | null>;
  /** Keeps bytes, in the background. @param sha256 what they should have: it is looked at when they are matched */
  put(sha256: string, bytes: Uint8Array): void;
}

/** What a {@link DigestCache} on the Cache API needs. */
export interface DigestCacheOptions {
  readonly caches: Pick<CacheStorage, "open">;
  /** Of the Worker's own domain, as the Cache API wants it; on `*.workers.dev` it keeps nothing. */
  readonly origin: string;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** `waitUntil` of the calling request. */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

/** A cache that has not answered by then is slower than the store: this isolate does not ask it again. */
const deadlineMs = 500;
/** What is kept waits for so long, so that the request which brought it is answered first. */
const keepAfterMs = 250;
/** Apart from what the domain's own pages leave in the cache; nobody can ask for it from outside. */
const cacheName = "edgewise-bundles";

/** A cache of the data centre by Cloudflare's Cache API. */
export function createDigestCache({ caches, origin, wait, keepAlive }: DigestCacheOptions): DigestCache {
  let isSlow = false;
  const urlOf = (sha256: string): string => new URL(`/sha256/${sha256}`, origin).href;

  async function read(sha256: string, mostBytes: number): Promise<Uint8Array | null> {
    const answer = await (await caches.open(cacheName)).match(urlOf(sha256));
    if (answer === undefined) return null;
    if (!(Number(answer.headers.get("content-length")) <= mostBytes)) {
      await answer.body?.cancel();
      return null;
    }
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return (await sha256Hex(bytes)) === sha256 ? bytes : null;
  }

  async function write(sha256: string, bytes: Uint8Array): Promise<void> {
    const headers = {
      "cache-control": "public, max-age=31536000, immutable",
      "content-length": String(bytes.length),
    };
    await (await caches.open(cacheName)).put(urlOf(sha256), new Response(bytes, { headers }));
  }

  return {
    match: async (sha256, mostBytes) => {
      if (isSlow) return null;
      const late = wait(deadlineMs).then(() => "late" as const);
      const answer = await Promise.race([read(sha256, mostBytes).catch(() => null), late]);
      isSlow ||= answer === "late";
      return answer === "late" ? null : answer;
    },
    put: (sha256, bytes) =>
      keepAlive(
        wait(keepAfterMs)
          .then(() => write(sha256, bytes))
          .catch(() => undefined),
      ),
  };
}
