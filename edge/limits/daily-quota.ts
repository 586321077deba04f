import { DurableObject } from "cloudflare:workers";
import { AppError } from "../../shared/contract/errors.ts";

/** What became of a request that is counted. */
export interface QuotaOutcome {
  readonly isWithin: boolean;
  /** Requests of this UTC day that were let through, this one included. */
  readonly used: number;
  /** Until the next UTC day. */
  readonly resetSeconds: number;
}

/** Counts the requests of one key by UTC days: one object for the whole world, so the count is exact. */
export class DailyQuota extends DurableObject {
  /** Counts a request unless the quota is used up. @param now milliseconds since 1970 */
  async take(quota: number, now: number): Promise<QuotaOutcome> {
    const day = Math.floor(now / dayMs);
    const kept = this.ctx.storage.kv.get<{ day: number; used: number }>("count");
    const before = kept?.day === day ? kept.used : 0;
    const isWithin = before < quota;
    const used = isWithin ? before + 1 : before;
    if (isWithin) this.ctx.storage.kv.put("count", { day, used });
    return { isWithin, used, resetSeconds: Math.ceil(((day + 1) * dayMs - now) / 1000) };
  }
}

const dayMs = 86_400_000;

/** Where the counts of keys are kept. */
export type DailyQuotas = DurableObjectNamespace<DailyQuota>;

/** Counts a request of a key. @throws {AppError} quota_exceeded */
export async function takeFromQuota(
  quotas: DailyQuotas,
  { id, dailyQuota }: { readonly id: string; readonly dailyQuota: number },
  now: number,
): Promise<QuotaOutcome> {
  const outcome = await quotas.getByName(id).take(dailyQuota, now);
  if (outcome.isWithin) return outcome;
  throw new AppError(
    "quota_exceeded",
    `this key's ${dailyQuota} requests of the UTC day are used up; ask again tomorrow, or the operator for more`,
    { details: { retryAfterMs: 1000 * outcome.resetSeconds } },
  );
}
