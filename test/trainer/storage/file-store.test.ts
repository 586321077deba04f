import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileStore } from "../../../trainer/storage/file-store.ts";
import { objectStoreContract } from "../../contracts/object-store-contract.ts";

objectStoreContract("file store", async () => {
  const root = await mkdtemp(join(tmpdir(), "edgewise-store-"));
  return { store: createFileStore(root), close: () => rm(root, { recursive: true }) };
});
