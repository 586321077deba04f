import { answerChallenge, basicOf, type Login } from "./http-digest.ts";

const firstByteMs = 15_000;

/**
 * Asks a camera, and once more with what it demands. Redirects are not followed: they would carry the login elsewhere.
 * @throws {Error} when it does not answer, or not with 200
 */
export async function fetchCamera(url: string, login: Login, signal: AbortSignal): Promise<Response> {
  const { pathname, search } = new URL(url);
  const late = AbortSignal.timeout(firstByteMs);
  const ask = (authorization: string | null): Promise<Response> =>
    fetch(url, {
      headers: {
        accept: "image/*, multipart/x-mixed-replace",
        ...(authorization === null ? {} : { authorization }),
      },
      redirect: "manual",
      signal: AbortSignal.any([signal, late]),
    });
  let response = await ask(null);
  if (response.status === 401) {
    await response.body?.cancel();
    const header = response.headers.get("www-authenticate") ?? "";
    const request = { method: "GET", path: pathname + search };
    // some cameras refuse without saying what they want
    const authorization =
      answerChallenge(header, request, login) ??
      (login.user === undefined || header !== "" ? null : basicOf(login));
    if (authorization === null) throw new Error("the camera wants a login; give user and password");
    response = await ask(authorization);
  }
  if (response.status === 200) return response;
  await response.body?.cancel();
  throw new Error(`the camera answered ${response.status}`);
}
