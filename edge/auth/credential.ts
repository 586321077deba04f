const longestCredential = 512;

/**
 * The API key a request brings: `Authorization: Bearer`, `X-API-Key`, or the password of `Authorization: Basic` (its
 * user where the password is empty). Never taken from the URL, which logs and referrers remember.
 * @returns `null` where there is none
 */
export function readCredential(headers: Headers): string | null {
  const [scheme = "", rest = ""] = (headers.get("authorization") ?? "").trim().split(/\s+/, 2);
  const credential =
    scheme.toLowerCase() === "bearer"
      ? rest
      : scheme.toLowerCase() === "basic"
        ? basicPassword(rest)
        : headers.get("x-api-key");
  return credential === null || credential === "" || credential.length > longestCredential
    ? null
    : credential;
}

function basicPassword(encoded: string): string | null {
  try {
    const [user = "", ...password] = atob(encoded).split(":");
    return password.join(":") || user;
  } catch {
    return null;
  }
}
