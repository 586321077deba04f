/**
 * Where a caller stands in a rollout: callers below the canary fraction get the version that is tried.
 * The same for every request and every Worker, evenly spread over callers, another for each rollout; who is in stays
 * in when the fraction grows.
 * @returns 0 <= share < 1
 */
export function rolloutShare(caller: string, model: string, alias: string, version: string): number {
  return mix(fnv1a(`${caller}\n${model}\n${alias}\n${version}`)) / 2 ** 32;
}

/** FNV-1a over UTF-16 units, 32 bits (G. Fowler, L. C. Noll, K.-P. Vo). */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** The finaliser of MurmurHash3 (A. Appleby): every bit of the input changes every bit of the output. */
function mix(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
