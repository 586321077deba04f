/**
 * List prices of Cloudflare's Workers Paid plan in US dollars, beyond what the plan's monthly fee includes, as read on
 * 2026-11-23 from https://developers.cloudflare.com/workers/platform/pricing/ and
 * https://developers.cloudflare.com/durable-objects/platform/pricing/.
 * An object that is idle and could hibernate is not billed for duration.
 */
export const prices = {
  readOn: "2026-11-23",
  workerMillionRequests: 0.3,
  workerMillionCpuMs: 0.02,
  objectMillionRequests: 0.15,
  objectMillionGbSeconds: 12.5,
  /** Of the gigabytes that an object is billed for, whatever it uses. */
  objectGb: 0.128,
  objectMillionRowsRead: 0.001,
  objectMillionRowsWritten: 1,
} as const;
