import * as logs from "aws-cdk-lib/aws-logs";

const { RetentionDays } = logs;
const offered = [
  RetentionDays.ONE_DAY,
  RetentionDays.ONE_WEEK,
  RetentionDays.TWO_WEEKS,
  RetentionDays.ONE_MONTH,
  RetentionDays.THREE_MONTHS,
  RetentionDays.SIX_MONTHS,
  RetentionDays.ONE_YEAR,
  RetentionDays.TWO_YEARS,
  RetentionDays.FIVE_YEARS,
] as const;

/** The shortest retention that CloudWatch offers for at least so many days. */
export function retentionOf(days: number): logs.RetentionDays {
  return offered.find((allowed) => allowed.valueOf() >= days) ?? RetentionDays.TEN_YEARS;
}
