import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSource } from "../../../edge/bridge/sources.ts";
import type { TimedFrame } from "../../../edge/bridge/ports.ts";
import { type LanServer, serveLan, swiftPorts } from "./lan.ts";

describe("a camera that sends a stream", () => {
  let camera: LanServer;
  let frames: AsyncIterator<TimedFrame>;
  let answered: Promise<ServerResponse>;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    // it runs by the same clock
    vi.spyOn(AbortSignal, "timeout").mockImplementation((milliseconds) => {
      const late = new AbortController();
      setTimeout(() => late.abort(), milliseconds);
      return late.signal;
    });
    let tell: (response: ServerResponse) => void;
    answered = new Promise((resolve) => (tell = resolve));
    camera = await serveLan((_, response) => {
      response.writeHead(200, { "content-type": "multipart/x-mixed-replace; boundary=b" }).write("--b");
      tell(response);
    });
    const source = { kind: "mjpeg", url: camera.url } as const;
    frames = openSource(source, swiftPorts(), new AbortController().signal)[Symbol.asyncIterator]();
  });

  afterEach(() => {
    camera.close();
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Sends one part and reads it. */
  async function nextFrame(text: string): Promise<string> {
    const next = frames.next();
    (await answered).write(`\r\n\r\n${text}\r\n--b`);
    const { value } = (await next) as IteratorYieldResult<TimedFrame>;
    return Buffer.from(value.bytes).toString();
  }

  it("is read for as long as it sends", async () => {
    for (const text of ["one", "two", "three", "four"]) {
      expect(await nextFrame(text)).toBe(text);
      vi.advanceTimersByTime(14_000);
    }
  });

  it("is taken for gone when it sends nothing for 15 seconds", async () => {
    await nextFrame("one");
    const next = frames.next();
    vi.advanceTimersByTime(15_000);
    await expect(next).rejects.toThrow("sent nothing for 15 s");
  });
});
