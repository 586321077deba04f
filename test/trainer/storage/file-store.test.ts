import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createFileStore } from "../../../trainer/storage/file-store.ts";
import { objectStoreContract } from "../../contracts/object-store-contract.ts";

objectStoreContract("file store", async () => {
  const root = await mkdtemp(join(tmpdir(), "edgewise-store-"));
  return { store: createFileStore(root), close: () => rm(root, { recursive: true }) };
});

it("rejects a root that cannot be made, naming it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-store-"));
  try {
    await writeFile(join(folder, "file"), "");
    const store = createFileStore(join(folder, "file"));
    await expect(store.put("a", new Uint8Array(1))).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining(join(folder, "file")),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
