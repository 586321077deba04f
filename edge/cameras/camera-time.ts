/** Times that texts beside an image tell, by the names vendors use: ISO 8601, or seconds or milliseconds since 1970. */
const patterns: readonly RegExp[] = [
  // Hikvision: <dateTime>2026-01-31T12:00:00+01:00</dateTime>, or as JSON
  /<dateTime>\s*([^<\s]{1,40})\s*<\/dateTime>/i,
  /"(?:dateTime|timestamp|at)"\s*:\s*"([^"]{1,40})"/i,
  // Dahua: "UTC": 1769860800, "RealUTC"; others
  /"(?:RealUTC|UTCMS|UTC|timestamp|at)"\s*:\s*(\d{9,14}(?:\.\d{1,6})?)/i,
];

/** Milliseconds since 1970 that a text tells as the camera's time, `null` where it tells none. */
export function findCameraTime(text: string): number | null {
  for (const pattern of patterns) {
    const found = pattern.exec(text)?.[1];
    const time = found === undefined ? null : parseCameraTime(found);
    if (time !== null) return time;
  }
  return null;
}

/** A time as ISO 8601, or as seconds or milliseconds since 1970. @returns `null` for anything else */
export function parseCameraTime(text: string): number | null {
  if (/^\d{9,14}(?:\.\d{1,6})?$/.test(text)) {
    const value = Number(text);
    return Math.round(value < 1e11 ? value * 1000 : value);
  }
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
