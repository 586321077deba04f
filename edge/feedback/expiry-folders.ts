import * as z from "zod/mini";
import { isAppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Log } from "../ports.ts";

const foldersSchema = z.record(
  z.string(),
  z.strictObject({
    /** When it is to be looked through, milliseconds since 1970; `null` where all that is left was accepted. */
    dueAt: z.nullable(z.number()),
    /** Id up to which a look that was begun has come, empty where none was; `dueAt` is of what it saw, then. */
    after: z.string(),
  }),
);
const storedSchema = z.strictObject({ schemaVersion: z.literal(1), folders: foldersSchema });

/** What expiry knows of each folder of feedback, `<model>/<yyyy-mm-dd>`. */
export type ExpiryFolders = z.infer<typeof foldersSchema>;

/** Reads what the last run knew; nothing where it cannot be read, so that every folder is looked through again. */
export async function readExpiryFolders(store: ObjectStore, log: Log): Promise<ExpiryFolders> {
  const key = objectKeys.feedbackExpiry();
  const object = await store.get(key);
  if (object.kind !== "found") return {};
  try {
    const text = new TextDecoder().decode(object.bytes);
    return parseJsonWith(storedSchema, text, key, "invalid_manifest").folders;
  } catch (error) {
    if (!isAppError(error, "invalid_manifest")) throw error;
    log({ level: "warn", event: "feedback-expiry-not-read", key, reason: String(error) });
    return {};
  }
}

/** Writes what is known now, unless it is what was known before. */
export async function writeExpiryFolders(
  store: ObjectStore,
  before: ExpiryFolders,
  folders: ExpiryFolders,
): Promise<void> {
  if (JSON.stringify(folders) === JSON.stringify(before)) return;
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 1, folders }));
  await store.put(objectKeys.feedbackExpiry(), bytes);
}
