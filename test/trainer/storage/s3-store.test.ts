import { describe, expect, it } from "vitest";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { createS3Client, createS3Store } from "../../../trainer/storage/s3-store.ts";
import { objectStoreContract } from "../../contracts/object-store-contract.ts";
import { S3Fault } from "../../contracts/s3-server/s3-fault.ts";
import { type S3ServerOptions, startS3Server } from "../../contracts/s3-server/s3-server.ts";

const credentials = { accessKeyId: "EXAMPLEKEY", secretAccessKey: "example/secret+key" };
const bucket = "edgewise-test";

interface OpenOptions extends Partial<S3ServerOptions> {
  readonly secretAccessKey?: string;
  readonly askFor?: string;
}

async function open(options: OpenOptions = {}): Promise<{ store: ObjectStore; close: () => Promise<void> }> {
  const server = await startS3Server({ credentials, bucket, dialect: "s3", ...options });
  const client = createS3Client(
    { endpoint: server.endpoint, region: "us-east-1" },
    {
      credentials: {
        ...credentials,
        secretAccessKey: options.secretAccessKey ?? credentials.secretAccessKey,
      },
    },
  );
  return {
    store: createS3Store(client, { bucket: options.askFor ?? bucket, prefix: "some/folder/" }),
    close: async () => {
      client.destroy();
      await server.close();
    },
  };
}

async function withStore<T>(options: OpenOptions, use: (store: ObjectStore) => Promise<T>): Promise<T> {
  const { store, close } = await open(options);
  try {
    return await use(store);
  } finally {
    await close();
  }
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

objectStoreContract("S3 store", () => open());
objectStoreContract("S3 store on a service that refuses what R2 refuses", () => open({ dialect: "r2" }));

describe("S3 store", () => {
  it("takes a put for done whose answer was lost on the way", async () => {
    let dropped = false;
    const onRequest = ({ method }: { method: string }): "drop" | undefined => {
      if (method !== "PUT" || dropped) return undefined;
      dropped = true;
      return "drop";
    };
    await withStore({ onRequest }, async (store) => {
      const info = await store.put("once", text("mine"), { ifNoneMatch: "*" });
      expect(dropped).toBe(true);
      expect(await store.head("once")).toEqual(info);
    });
  });

  it("loses to another writer though its own answer was lost", async () => {
    let puts = 0;
    const onRequest = ({ method }: { method: string }): undefined => {
      if (method === "PUT" && (puts += 1) === 2) throw new S3Fault(503, "SlowDown");
      return undefined;
    };
    await withStore({ onRequest }, async (store) => {
      await store.put("taken", text("theirs"));
      await expect(store.put("taken", text("mine"), { ifNoneMatch: "*" })).rejects.toMatchObject({
        code: "precondition_failed",
      });
    });
  });

  it("tries again when told that it writes too fast", async () => {
    let refusals = 2;
    const onRequest = ({ method }: { method: string }): undefined => {
      if (method === "PUT" && refusals-- > 0) throw new S3Fault(429, "TooManyRequests");
      return undefined;
    };
    await withStore({ onRequest }, async (store) => {
      await expect(store.put("slow", text("x"))).resolves.toMatchObject({ sizeBytes: 1 });
    });
  });

  it("tries a conditional put again after a conflict, and gives up in the end", async () => {
    let conflicts = 1;
    const onRequest = ({ method }: { method: string }): undefined => {
      if (method === "PUT" && conflicts-- > 0) throw new S3Fault(409, "ConditionalRequestConflict");
      return undefined;
    };
    await withStore({ onRequest }, async (store) => {
      await expect(store.put("a", text("x"), { ifNoneMatch: "*" })).resolves.toMatchObject({ key: "a" });
      conflicts = 99;
      await expect(store.put("b", text("x"), { ifNoneMatch: "*" })).rejects.toMatchObject({
        code: "precondition_failed",
      });
    });
  });

  it.for([
    ["a wrong secret", { secretAccessKey: "wrong" }, "invalid_argument", /credentials/],
    ["a missing bucket", { askFor: "another" }, "invalid_argument", /no such bucket/],
  ] as const)("says what is wrong of %s", async ([, options, code, message]) => {
    await withStore(options, async (store) => {
      const fault = { code, message: expect.stringMatching(message) };
      await expect(store.get("a")).rejects.toMatchObject(fault);
      await expect(store.put("a", text("x"))).rejects.toMatchObject(fault);
      await expect(store.list("")).rejects.toMatchObject(fault);
    });
  });

  it("says that a service does not answer", async () => {
    const { store, close } = await open();
    await close();
    await expect(store.head("a")).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe("the S3 server of these tests", () => {
  it("in the dialect of R2 refuses the checksums that the SDK adds by default", async () => {
    const server = await startS3Server({ credentials, bucket, dialect: "r2" });
    const client = createS3Client(
      { endpoint: server.endpoint, region: "auto" },
      { credentials, requestChecksumCalculation: "WHEN_SUPPORTED" },
    );
    try {
      const put = createS3Store(client, { bucket, prefix: "" }).put("a", text("x"));
      await expect(put).rejects.toMatchObject({ message: expect.stringContaining("status 501") });
    } finally {
      client.destroy();
      await server.close();
    }
  });

  it("refuses a body that is not the signed one", async () => {
    await withStore({ onRequest: spoilBody }, async (store) => {
      await expect(store.put("a", text("x"))).rejects.toMatchObject({
        message: expect.stringContaining("BadDigest"),
      });
    });
  });
});

function spoilBody(request: { readonly body: Buffer }): undefined {
  request.body.fill(0);
  return undefined;
}
