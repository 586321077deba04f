import { createHash, randomBytes } from "node:crypto";

/** What a request needs to be let in. */
export interface Login {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** A demand of `WWW-Authenticate`. */
interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const digests: Readonly<Record<string, string>> = { MD5: "md5", "SHA-256": "sha256" };

/**
 * The `Authorization` that answers a refusal: Digest (RFC 7616, MD5 or SHA-256, `auth` or none) where it is offered, else
 * Basic (RFC 7617).
 * @param header value of `WWW-Authenticate`
 * @returns `null` where nothing is offered that we have, or there is no login
 */
export function answerChallenge(
  header: string,
  request: { readonly method: string; readonly path: string },
  login: Login,
  clientNonce: string = randomBytes(12).toString("hex"),
): string | null {
  if (login.user === undefined) return null;
  const challenges = parseChallenges(header);
  for (const algorithm of ["SHA-256", "MD5"]) {
    const digest = challenges.find(
      ({ scheme, parameters }) =>
        scheme === "digest" && (parameters.get("algorithm") ?? "MD5").toUpperCase() === algorithm,
    );
    if (digest !== undefined) return digestOf(digest, algorithm, request, login, clientNonce);
  }
  return challenges.some(({ scheme }) => scheme === "basic") ? basicOf(login) : null;
}

/** `Authorization: Basic`. */
export function basicOf({ user = "", password = "" }: Login): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function digestOf(
  { parameters }: Challenge,
  algorithm: string,
  { method, path }: { readonly method: string; readonly path: string },
  { user = "", password = "" }: Login,
  clientNonce: string,
): string {
  const hash = (text: string): string =>
    createHash(digests[algorithm] ?? "md5")
      .update(text)
      .digest("hex");
  const realm = parameters.get("realm") ?? "";
  const nonce = parameters.get("nonce") ?? "";
  const hasQop = (parameters.get("qop") ?? "").split(",").some((option) => option.trim() === "auth");
  const secret = hash(`${user}:${realm}:${password}`);
  const action = hash(`${method}:${path}`);
  const count = "00000001";
  const response = hasQop
    ? hash(`${secret}:${nonce}:${count}:${clientNonce}:auth:${action}`)
    : hash(`${secret}:${nonce}:${action}`);
  const opaque = parameters.get("opaque");
  return [
    `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${path}"`,
    ...(parameters.has("algorithm") ? [`algorithm=${algorithm}`] : []),
    ...(hasQop ? [`qop=auth, nc=${count}, cnonce="${clientNonce}"`] : []),
    `response="${response}"`,
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ].join(", ");
}

/** Several may stand in one header, parted by commas as their parameters are. */
function parseChallenges(header: string): Challenge[] {
  const starts = [...header.matchAll(/(?:^|,\s*)(Digest|Basic)\s/gi)];
  return starts.map((start, i) => {
    const text = header.slice((start.index ?? 0) + start[0].length, starts[i + 1]?.index);
    const parameters = new Map<string, string>();
    for (const [, name = "", quoted, plain] of text.matchAll(
      /(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g,
    )) {
      parameters.set(name.toLowerCase(), quoted ?? plain ?? "");
    }
    return { scheme: (start[1] ?? "").toLowerCase(), parameters };
  });
}
