import type { RecentFrame } from "../../shared/contract/camera-api.ts";
import type { CameraEvent } from "../../shared/contract/camera-event.ts";

interface Listener {
  readonly camera: string;
  /** Whether it wants every frame, too. */
  readonly frames: boolean;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

/** A listener that reads so slowly that this many messages wait is let go; it comes back with its last event's id. */
const mostWaiting = 200;
const aliveMs = 20_000;

/** Those who listen to a site by Server-Sent Events (WHATWG HTML, section 9.2). */
export class SiteStreams {
  readonly #listeners = new Set<Listener>();
  #alive: ReturnType<typeof setInterval> | null = null;

  /**
   * Opens a stream.
   * @param missed events since the one that the listener heard last
   */
  open(camera: string, frames: boolean, missed: readonly CameraEvent[]): Response {
    let listener: Listener;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          listener = { camera, frames, controller };
          this.#listeners.add(listener);
          // tells that it is open, and how soon to come back
          controller.enqueue(utf8("retry: 2000\n: open\n\n"));
          for (const event of missed) controller.enqueue(eventMessage(event));
        },
        cancel: () => this.#drop(listener),
      },
      new CountQueuingStrategy({ highWaterMark: mostWaiting }),
    );
    this.#alive ??= setInterval(() => this.#send(() => true, utf8(": alive\n\n")), aliveMs);
    return new Response(body, {
      headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
    });
  }

  /** Tells of events. */
  tell(events: readonly CameraEvent[]): void {
    for (const event of events) this.#send(({ camera }) => camera === event.camera, eventMessage(event));
  }

  /** Tells of frames, to those who want each. */
  show(camera: string, frames: readonly RecentFrame[]): void {
    for (const frame of frames) {
      this.#send(
        (listener) => listener.frames && listener.camera === camera,
        utf8(`event: frame\ndata: ${JSON.stringify(frame)}\n\n`),
      );
    }
  }

  /** Ends the streams of a camera that is no more. */
  end(camera: string): void {
    for (const listener of this.#listeners) {
      if (listener.camera !== camera) continue;
      this.#drop(listener);
      listener.controller.close();
    }
  }

  #send(wants: (listener: Listener) => boolean, message: Uint8Array): void {
    for (const listener of this.#listeners) {
      if (!wants(listener)) continue;
      if ((listener.controller.desiredSize ?? 0) > 0) listener.controller.enqueue(message);
      else {
        this.#drop(listener);
        listener.controller.error(new Error("the listener reads too slowly"));
      }
    }
  }

  #drop(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0 || this.#alive === null) return;
    clearInterval(this.#alive);
    this.#alive = null;
  }
}

function eventMessage(event: CameraEvent): Uint8Array {
  return utf8(`id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
