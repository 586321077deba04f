import type { BridgePorts, TimedFrame } from "./ports.ts";

/** What became of a camera's frames so far. */
export interface SenderCounts {
  readonly sent: number;
  /** Frames that a newer one took the place of while the Worker could not be reached, or was slower than the camera. */
  readonly replaced: number;
  /** Frames that the Worker refused for good. */
  readonly refused: number;
}

/** A Worker that takes longer has lost the frame: a newer one says more. */
const requestMs = 30_000;
const firstPauseMs = 500;
const longestPauseMs = 60_000;

/** Sends the frames of one camera, one request at a time, the oldest of those that wait first. */
export class FrameSender {
  readonly #target: string;
  readonly #camera: string;
  readonly #room: number;
  readonly #ports: BridgePorts;
  readonly #waiting: TimedFrame[] = [];
  readonly #counts = { sent: 0, replaced: 0, refused: 0 };
  #wake: (() => void) | null = null;
  #failures = 0;

  /**
   * @param target URL with the token, which is never logged
   * @param room frames that may wait: one for a live camera, more for files that each count
   */
  constructor(target: string, camera: string, room: number, ports: BridgePorts) {
    this.#target = target;
    this.#camera = camera;
    this.#room = room;
    this.#ports = ports;
  }

  /** Frames so far. */
  get counts(): SenderCounts {
    return this.#counts;
  }

  /** Takes a frame; the oldest that waits makes room. */
  offer(frame: TimedFrame): void {
    this.#waiting.push(frame);
    while (this.#waiting.length > this.#room) {
      this.#waiting.shift();
      this.#counts.replaced++;
    }
    this.#wake?.();
  }

  /** Sends until the signal aborts and nothing waits that can be sent at once. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
    while (!signal.aborted || this.#waiting.length > 0) {
      const frame = this.#waiting[0];
      if (frame === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const outcome = await this.#post(frame);
      if (typeof outcome === "string") {
        this.#failures = 0;
        this.#counts[outcome]++;
        // a newer one may have taken its place meanwhile
        if (this.#waiting[0] === frame) this.#waiting.shift();
        continue;
      }
      this.#failures++;
      if (signal.aborted) return;
      await this.#ports.sleep(outcome, signal);
    }
  }

  /** @returns what became of it, or milliseconds until it should be tried again */
  async #post({ bytes, at }: TimedFrame): Promise<"sent" | "refused" | number> {
    try {
      const response = await fetch(`${this.#target}?at=${at}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: new Uint8Array(bytes),
        redirect: "manual",
        signal: AbortSignal.timeout(requestMs),
      });
      await response.body?.cancel();
      return response.ok ? "sent" : this.#refusal(response);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#ports.log({ event: "worker-not-reached", camera: this.#camera, reason });
      return this.#pause();
    }
  }

  #refusal({ status, headers }: Response): "refused" | number {
    const toldMs = Number(headers.get("retry-after") ?? 0) * 1000;
    if (status === 429 || status >= 500) return Math.min(longestPauseMs, toldMs || this.#pause());
    this.#ports.log({ event: "frame-refused", camera: this.#camera, status });
    // a wrong token stays wrong: not every second anew
    return status === 401 ? longestPauseMs : "refused";
  }

  #pause(): number {
    const whole = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#failures, 10));
    return whole * (0.5 + this.#ports.random() / 2);
  }
}
