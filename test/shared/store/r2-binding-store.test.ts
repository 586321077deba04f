import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { createR2Store } from "../../../shared/store/r2-binding-store.ts";
import { objectStoreContract } from "../../contracts/object-store-contract.ts";

objectStoreContract("R2 binding store", async () => {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: "export default {}",
      compatibilityDate: "2026-11-01",
      r2Buckets: ["MODELS"],
    }),
  );
  const bucket = await miniflare.getR2Bucket("MODELS");
  return { store: createR2Store(bucket), close: () => miniflare.dispose() };
});
