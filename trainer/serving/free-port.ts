import { once } from "node:events";
import { createServer } from "node:net";
import { AppError } from "../../shared/contract/errors.ts";
import { errnoOf } from "../storage/errno.ts";

/** An address to listen on; port 0 means any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens for a moment, to tell before the work of minutes that it could not be served.
 * @throws invalid_argument when the port is taken, not allowed, or the address not this machine's
 */
export async function requireFreePort({ host, port }: ListenAddress): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    server.close();
    await once(server, "close");
  } catch (cause) {
    const code = errnoOf(cause) ?? String(cause);
    throw new AppError(
      "invalid_argument",
      code === "EADDRINUSE"
        ? `port ${port} on ${host} is taken; stop what listens there or pass --port with another`
        : `cannot listen on ${host} port ${port} (${code}); name an address of this machine and a port you may use`,
      { cause },
    );
  }
}
