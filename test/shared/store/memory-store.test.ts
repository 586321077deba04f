import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { objectStoreContract } from "../../contracts/object-store-contract.ts";

objectStoreContract("memory store", async () => ({
  store: createMemoryStore(),
  close: async () => {},
}));
