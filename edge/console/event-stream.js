/**
 * One message of Server-Sent Events.
 * @typedef {{ type: string, id: string | null, data: string }} StreamMessage
 */

/**
 * Reads Server-Sent Events (WHATWG HTML, section 9.2.6) from a body: `EventSource` sends no key.
 * @param {ReadableStream<Uint8Array>} body
 * @param {(message: StreamMessage) => void} onMessage
 */
export async function readEventStream(body, onMessage) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let held = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    held += decoder.decode(value, { stream: true }).replaceAll("\r\n", "\n");
    const messages = held.split("\n\n");
    held = messages.pop() ?? "";
    for (const text of messages) {
      const message = parseMessage(text);
      if (message !== null) onMessage(message);
    }
  }
}

/** @param {string} text @returns {StreamMessage | null} `null` for a comment */
function parseMessage(text) {
  const fields = new Map(
    text.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }),
  );
  const data = fields.get("data");
  return data === undefined
    ? null
    : { type: fields.get("event") ?? "message", id: fields.get("id") ?? null, data };
}
