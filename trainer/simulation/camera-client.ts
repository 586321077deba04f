import * as z from "zod/mini";
import type { CameraConfigInput } from "../../shared/contract/camera.ts";
import {
  cameraTokenSchema,
  type FramesAnswer,
  framesAnswerSchema,
} from "../../shared/contract/camera-api.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";

/** A camera that posts to a Worker. */
export interface PostingCamera {
  readonly id: string;
  /** Posts a frame. @param at its time by the camera's clock, milliseconds since 1970 */
  post(frame: Uint8Array, at: number): Promise<FramesAnswer>;
}

const usageSchema = z.strictObject({ rowsRead: z.number(), rowsWritten: z.number() });

/** Makes a camera at an open Worker. @throws internal when the Worker refuses */
export async function openPostingCamera(
  url: string,
  id: string,
  config: CameraConfigInput,
): Promise<PostingCamera> {
  const made = await ask(`${url}/cameras`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id, config }),
  });
  const { path } = parseWith(cameraTokenSchema, made, "the camera's token", "internal");
  return {
    id,
    post: async (frame, at) => {
      const init = { method: "POST", headers: { "content-type": "image/jpeg" }, body: new Uint8Array(frame) };
      return parseWith(
        framesAnswerSchema,
        await ask(`${url}${path}?at=${at}`, init),
        "the answer",
        "internal",
      );
    },
  };
}

/** Rows that a site has read and written. */
export async function rowsOfSite(url: string, site: string): Promise<z.infer<typeof usageSchema>> {
  return parseWith(usageSchema, await ask(`${url}/sites/${site}/usage`, {}), "the usage", "internal");
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  if (response.ok) return response.json();
  const { pathname } = new URL(url);
  const path = pathname.replace(/^(\/f\/[^/]*\/).*/, "$1…");
  throw new AppError(
    "internal",
    `the Worker answered ${response.status} at ${path}: ${(await response.text()).slice(0, 300)}`,
  );
}
