import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { createPrefixedStore } from "../../../shared/store/prefixed-store.ts";
import { objectStoreContract } from "../../contracts/object-store-contract.ts";

objectStoreContract("a part of a store", async () => {
  const store = createMemoryStore();
  await store.put("runs/other", new Uint8Array([1]));
  return { store: createPrefixedStore(store, "runs/one/"), close: async () => {} };
});
