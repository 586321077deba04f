import { afterEach, describe, expect, it, vi } from "vitest";
import { overloaded, TurnQueue } from "../../../../edge/overload/turn-queue.ts";
import { AppError } from "../../../../shared/contract/errors.ts";
import type { FramesAnswer } from "../../../../shared/contract/camera-api.ts";
import { openCamera, pictureOf, picturePost, type TestCamera } from "./open-cameras.ts";
import { mjpeg, multipart, part } from "./vendor-posts.ts";

const busy = overloaded("too many requests wait for their turn");
const out = new AppError("store_unavailable", "the object store is not available");

afterEach(() => {
  vi.restoreAllMocks();
});

/** A camera whose frames are classified, each of which costs a turn. */
async function openBusy(): Promise<TestCamera> {
  const camera = await openCamera({ dedup: null });
  await camera.see("red");
  return camera;
}

function outcomesOf({ frames }: FramesAnswer): (string | undefined)[] {
  return frames.map(({ outcome, problem }) => problem?.code ?? outcome);
}

describe("frames that come while the Worker is busy", () => {
  it.each([
    ["overloaded", busy, "1"],
    ["store_unavailable", out, "5"],
  ])("are refused as %s, with when to send them again", async (code, error, seconds) => {
    const camera = await openBusy();
    vi.spyOn(TurnQueue.prototype, "take").mockRejectedValueOnce(error);
    const frame = picturePost("blue");
    const refused = await camera.post(frame);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, seconds]);
    expect(await refused.json()).toMatchObject({ code });

    camera.advance(1);
    const again = await camera.post(frame);
    expect(again.status).toBe(200);
    expect(outcomesOf(await again.json())).toEqual(["classified"]);
  });

  it("are told to have failed where a newer one of the post was taken", async () => {
    const camera = await openBusy();
    const images = (["green", "blue"] as const).map((colour) => part(null, "image/jpeg", pictureOf(colour)));
    // oxlint-disable-next-line typescript/unbound-method -- called with the queue as this
    const take = TurnQueue.prototype.take;
    let turns = 0;
    vi.spyOn(TurnQueue.prototype, "take").mockImplementation(function (this: TurnQueue, work) {
      return turns++ === 0 ? take.call(this, work) : Promise.reject(busy);
    });
    const answer = await camera.post(multipart("mixed", "b", images));

    expect(answer.status).toBe(200);
    expect(outcomesOf(await answer.json())).toEqual(["overloaded", "classified"]);
  });

  it("do not end the stream that they are of", async () => {
    const camera = await openBusy();
    vi.spyOn(TurnQueue.prototype, "take").mockRejectedValueOnce(busy);
    const pictures = (["red", "blue", "blue"] as const).map(pictureOf);
    const answer = await camera.post(mjpeg(pictures, 777));

    expect(answer.status).toBe(200);
    expect(outcomesOf(await answer.json())).toEqual(["overloaded", "classified", "classified"]);
  });
});
