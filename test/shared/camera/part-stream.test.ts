import { describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { readStream } from "../../../shared/camera/part-stream.ts";
import { imageLimits } from "../../../shared/image/codec-failure.ts";

const contentType = "multipart/x-mixed-replace; boundary=frame";

/** A stream of these parts, as cameras write it. */
function streamOf(parts: readonly Uint8Array[]): Uint8Array {
  const head = "\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n";
  return Buffer.concat([
    ...parts.flatMap((part) => [Buffer.from(head), part]),
    Buffer.from("\r\n--frame--\r\n"),
  ]);
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function partsOf(bytes: Uint8Array, chunk: number): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for await (const part of readStream(chunksOf(bytes, chunk), contentType)) parts.push(Buffer.from(part));
  return parts;
}

/** Bytes full of beginnings of the boundary. */
function nearlyBoundaries(length: number): Uint8Array {
  const pattern = Buffer.from("\r\n--fram--fra\r\n-");
  return Uint8Array.from({ length }, (_, i) => pattern[i % pattern.length] ?? 0);
}

describe("a stream of parts", () => {
  const sent = [nearlyBoundaries(1000), new Uint8Array(0), nearlyBoundaries(7), Buffer.from("\r\n\r\n\r\n")];

  it.for([1, 2, 3, 5, 7, 8, 64, 100_000])("is the same in chunks of %i bytes", async (chunk) => {
    const parts = await partsOf(streamOf(sent), chunk);
    expect(parts.map(String)).toEqual(sent.map((part) => Buffer.from(part).toString()));
  });

  it("takes the largest image in small chunks without moving or searching it again for each", async () => {
    const [part] = await partsOf(streamOf([new Uint8Array(imageLimits.maxBytes).fill(45)]), 256);
    expect(part).toHaveLength(imageLimits.maxBytes);
  });

  it("refuses a part that no image may be as large as", async () => {
    const endless = new Uint8Array(imageLimits.maxBytes + 100_000);
    await expect(partsOf(streamOf([endless]), 65_536)).rejects.toSatisfy((error) =>
      isAppError(error, "payload_too_large"),
    );
  });

  it("leaves out a part that breaks off", async () => {
    const stream = streamOf([Buffer.from("first"), Buffer.from("second")]);
    expect(await partsOf(stream.subarray(0, -20), 10)).toEqual([Buffer.from("first")]);
  });
});
