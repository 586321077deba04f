/**
 * Whether an `If-None-Match` header lists an entity tag, compared weakly (RFC 9110, section 13.1.2).
 * @param etag with its quotes
 */
export function listsEntityTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((listed) => listed.trim().replace(/^W\//, "") === etag);
}
