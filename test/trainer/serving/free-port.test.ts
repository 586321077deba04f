import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import { requireFreePort } from "../../../trainer/serving/free-port.ts";

const host = "127.0.0.1";
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer().listen(0, host);
  await once(server, "listening");
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});

afterAll(() => {
  server.close();
});

describe("requireFreePort", () => {
  it("rejects a port that is taken, and what to do", async ({ expect }) => {
    await expect(requireFreePort({ host, port })).rejects.toMatchObject({
      code: "invalid_argument",
      message: `port ${port} on ${host} is taken; stop what listens there or pass --port with another`,
    });
  });

  it("rejects an address that is not this machine's", async ({ expect }) => {
    // 203.0.113.0/24 is kept for documentation (RFC 5737).
    await expect(requireFreePort({ host: "203.0.113.1", port: 0 })).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("EADDRNOTAVAIL"),
    });
  });

  it("leaves a free port free", async ({ expect }) => {
    await requireFreePort({ host, port: 0 });
    server.close();
    await once(server, "close");
    await requireFreePort({ host, port });
    server.listen(port, host);
    await once(server, "listening");
    expect(server.listening).toBe(true);
  });
});
