import { answerChallenge, basicOf, type Login } from "./http-digest.ts";

/** A camera that sends nothing for so long is taken for gone, before its answer and in the middle of it. */
const silentMs = 15_000;

/**
 * Asks a camera, and once more with what it demands. Redirects are not followed: they would carry the login elsewhere.
 * @returns an answer that may last for ever, as a stream does, but fails when the camera falls silent
 * @throws {Error} when it does not answer, or not with 200
 */
export async function fetchCamera(url: string, login: Login, signal: AbortSignal): Promise<Response> {
  const { pathname, search } = new URL(url);
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort(new Error(`the camera sent nothing for ${silentMs / 1000} s`));
  }, silentMs).unref();
  const ask = (authorization: string | null): Promise<Response> =>
    fetch(url, {
      headers: {
        accept: "image/*, multipart/x-mixed-replace",
        ...(authorization === null ? {} : { authorization }),
      },
      redirect: "manual",
      signal: AbortSignal.any([signal, silence.signal]),
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
  if (response.status === 200) return new Response(heard(response.body, timer), response);
  await response.body?.cancel();
  throw new Error(`the camera answered ${response.status}`);
}

/** A body each of whose chunks sets the timer anew; its end stops it. */
function heard(body: Response["body"], timer: NodeJS.Timeout): Response["body"] {
  if (body === null) return null;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        timer.refresh();
        controller.enqueue(chunk);
      },
      flush: () => clearTimeout(timer),
    }),
  );
}
