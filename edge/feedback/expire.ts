import { isAppError } from "../../shared/contract/errors.ts";
import { parseFeedbackRecord } from "../../shared/contract/feedback.ts";
import { objectKeys, parseFeedbackKey } from "../../shared/contract/object-keys.ts";
import { listAll } from "../../shared/store/list-all.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Clock, Log } from "../ports.ts";
import { type ExpiryFolders, readExpiryFolders, writeExpiryFolders } from "./expiry-folders.ts";
import { removeFeedback } from "./feedback-shelf.ts";

/** What {@link expireFeedback} needs. */
export interface ExpiryPorts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** A record of a folder that is to be looked through. */
interface DueRecord {
  readonly folder: string;
  readonly id: string;
  readonly key: string;
  /** What is due for longest comes first; milliseconds since 1970. */
  readonly dueAt: number;
}

/** A Worker may ask its store 1000 times in one go; what is left waits for the next run. */
const mostRequests = 900;
/** A record is read, and deleted with an image of whatever format. */
const requestsToDelete = 5;
const objectsOfPage = 1000;
/** From the beginning of a folder's day: nothing is added to it any more. */
const completeMs = 25 * 3_600_000;

/**
 * Deletes feedback that is past its day, unless it was accepted. What was accepted stays for ever, and must not keep
 * the rest from being reached: each folder is looked through when its day is over, and again when the next record in it
 * passes its day, but not in between. A run that may ask no more leaves the rest to the next one.
 * @returns how many pieces
 */
export async function expireFeedback(ports: ExpiryPorts): Promise<number> {
  const { store, clock, log } = ports;
  const now = clock();
  const before = await readExpiryFolders(store, log);
  const { folders, due, requests } = await findDue(store, before, now);
  const last = new Map(due.map(({ folder, id }) => [folder, id]));
  let left = mostRequests - requests;
  let looked = 0;
  let deleted = 0;
  for (const { folder, id, key } of due.toSorted((one, other) => one.dueAt - other.dueAt)) {
    if (left < requestsToDelete) break;
    const { isDeleted, lookAt } = await expireRecord(ports, key, now);
    left -= isDeleted ? requestsToDelete : 1;
    looked++;
    if (isDeleted) deleted++;
    const { after = "", dueAt = null } = folders[folder] ?? {};
    const soonest = Math.min(lookAt ?? Infinity, after === "" ? Infinity : (dueAt ?? Infinity));
    folders[folder] = {
      dueAt: soonest === Infinity ? null : soonest,
      after: id === last.get(folder) ? "" : id,
    };
  }
  await writeExpiryFolders(store, before, folders);
  log({ level: "info", event: "feedback-expired", deleted, looked, left: due.length - looked });
  return deleted;
}

/** What is to be looked at, in the order of keys, and all folders that there are. */
async function findDue(
  store: ObjectStore,
  before: ExpiryFolders,
  now: number,
): Promise<{
  readonly folders: ExpiryFolders;
  readonly due: readonly DueRecord[];
  readonly requests: number;
}> {
  const folders: ExpiryFolders = {};
  const due: DueRecord[] = [];
  let objects = 0;
  for await (const { key } of listAll(store, objectKeys.allFeedback())) {
    objects++;
    const { model, day, id } = parseFeedbackKey(key) ?? {};
    if (day === undefined || id === undefined) continue;
    const folder = `${model}/${day}`;
    const known = before[folder] ?? { dueAt: Date.parse(day) + completeMs, after: "" };
    // a look that was begun is over where nothing follows
    folders[folder] ??= { ...known, after: "" };
    const isBegun = known.after !== "";
    if (isBegun ? id <= known.after : known.dueAt === null || known.dueAt > now) continue;
    folders[folder] = known;
    due.push({ folder, id, key, dueAt: isBegun ? 0 : (known.dueAt ?? 0) });
  }
  return { folders, due, requests: Math.ceil(objects / objectsOfPage) };
}

/** Deletes a record that is past its day. @returns when it is to be looked at again, `null` for never */
async function expireRecord(
  { store, log }: ExpiryPorts,
  key: string,
  now: number,
): Promise<{ readonly isDeleted: boolean; readonly lookAt: number | null }> {
  try {
    const object = await store.get(key);
    if (object.kind !== "found") return { isDeleted: false, lookAt: null };
    const record = parseFeedbackRecord(object.bytes, key);
    const expiresAt = Date.parse(record.expiresAt);
    // whatever its status: what was accepted may be discarded until then; after it a review deletes at once
    if (expiresAt > now) return { isDeleted: false, lookAt: expiresAt };
    if (record.status === "accepted") return { isDeleted: false, lookAt: null };
    await removeFeedback(store, record);
    return { isDeleted: true, lookAt: null };
  } catch (error) {
    log({ level: "warn", event: "feedback-not-expired", key, reason: String(error) });
    // a store that failed may not the next time; a record that is broken stays so
    return { isDeleted: false, lookAt: isAppError(error, "invalid_manifest") ? null : now };
  }
}
