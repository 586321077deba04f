import type { ImageCodec } from "../../shared/image/codec.ts";
import type { BridgeConfig, BridgedCamera } from "./bridge-config.ts";
import { FrameSender, type SenderCounts } from "./frame-sender.ts";
import { createMotionGate } from "./motion-gate.ts";
import type { BridgePorts } from "./ports.ts";
import { openSource } from "./sources.ts";

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** Files each count; of a live camera the newest frame does. */
const roomForFiles = 64;

/** Brings the frames of every camera to the Worker until the signal aborts. Cameras do not wait for each other. */
export async function runBridge(
  config: BridgeConfig,
  codec: ImageCodec,
  ports: BridgePorts,
  signal: AbortSignal,
): Promise<Readonly<Record<string, SenderCounts>>> {
  const counts: Record<string, SenderCounts> = {};
  await Promise.all(
    config.cameras.map(async (camera) => {
      const target = new URL(`f/${camera.camera}/${camera.token}`, withSlash(config.url)).href;
      const room = camera.source.kind === "folder" ? roomForFiles : 1;
      const sender = new FrameSender(target, camera.camera, room, ports);
      counts[camera.camera] = sender.counts;
      const gate = createMotionGate(codec, camera.motion);
      await Promise.all([
        sender.run(signal),
        readForever(camera, ports, signal, (frame) => {
          if (gate(frame)) sender.offer(frame);
        }),
      ]);
    }),
  );
  return counts;
}

/** Opens the source again whenever it ends or fails, each time a little later until it works. */
async function readForever(
  camera: BridgedCamera,
  ports: BridgePorts,
  signal: AbortSignal,
  take: (frame: { readonly bytes: Uint8Array; readonly at: number }) => void,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const frame of openSource(camera.source, ports, signal)) {
        if (failures > 0) ports.log({ event: "source-is-back", camera: camera.camera });
        failures = 0;
        take(frame);
        if (signal.aborted) return;
      }
      throw new Error("the source ended");
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (failures === 0) ports.log({ event: "source-failed", camera: camera.camera, reason });
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures++, 10));
      await ports.sleep(pauseMs * (0.5 + ports.random() / 2), signal);
    }
  }
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
