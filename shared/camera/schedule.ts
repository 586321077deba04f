import type { Schedule } from "../contract/camera.ts";

const dayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether a schedule holds at a moment. @param now milliseconds since 1970 */
export function isScheduled(schedule: Schedule, now: number): boolean {
  const { day, time } = localTime(schedule.timeZone, now);
  const dayBefore = day === 1 ? 7 : day - 1;
  return schedule.windows.some(({ days, from, to }) => {
    if (from < to) return days.includes(day) && time >= from && time < to;
    // over midnight: the evening of its day, or the morning after
    return (days.includes(day) && time >= from) || (days.includes(dayBefore) && time < to);
  });
}

/** Weekday, 1 Monday to 7 Sunday, and time of day as `HH:MM`. */
function localTime(timeZone: string, now: number): { readonly day: number; readonly time: string } {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  const day = dayNames.indexOf(parts.get("weekday") ?? "") + 1;
  return { day, time: `${parts.get("hour") ?? ""}:${parts.get("minute") ?? ""}` };
}

/** Making one takes longer than everything else that is done with a frame. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  if (formats.size >= 32) formats.clear();
  formats.set(timeZone, made);
  return made;
}
