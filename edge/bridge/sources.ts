import { readStream } from "../../shared/camera/part-stream.ts";
import type { SourceConfig } from "./bridge-config.ts";
import { fetchCamera } from "./fetch-camera.ts";
import { watchFolder } from "./folder-source.ts";
import type { BridgePorts, TimedFrame } from "./ports.ts";

/**
 * The frames of a source, one after the other, until it fails or the signal aborts. Whoever reads slowly gets fewer:
 * nothing is fetched ahead.
 */
export function openSource(
  source: SourceConfig,
  ports: BridgePorts,
  signal: AbortSignal,
): AsyncIterable<TimedFrame> {
  switch (source.kind) {
    case "snapshot":
      return snapshots(source.url, source, ports, signal);
    case "frigate": {
      const path = `api/${encodeURIComponent(source.camera)}/latest.jpg`;
      return snapshots(new URL(path, withSlash(source.url)).href, source, ports, signal);
    }
    case "mjpeg":
      return stream(source, ports, signal);
    case "folder":
      return watchFolder(source, ports, signal);
  }
  throw new Error("a source of no kind");
}

async function* snapshots(
  url: string,
  source: {
    readonly everySeconds: number;
    readonly user?: string | undefined;
    readonly password?: string | undefined;
  },
  { now, sleep }: BridgePorts,
  signal: AbortSignal,
): AsyncGenerator<TimedFrame> {
  while (!signal.aborted) {
    const startedAt = now();
    const response = await fetchCamera(url, source, signal);
    yield { bytes: new Uint8Array(await response.arrayBuffer()), at: startedAt };
    await sleep(Math.max(0, source.everySeconds * 1000 - (now() - startedAt)), signal);
  }
}

async function* stream(
  source: Extract<SourceConfig, { kind: "mjpeg" }>,
  { now }: BridgePorts,
  signal: AbortSignal,
): AsyncGenerator<TimedFrame> {
  const response = await fetchCamera(source.url, source, signal);
  const contentType = response.headers.get("content-type") ?? "";
  if (response.body === null) return;
  for await (const bytes of readStream(response.body, contentType)) {
    if (bytes.length > 0) yield { bytes, at: now() };
  }
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
