import type { ObjectStore } from "../../shared/store/object-store.ts";
import { createFileStore } from "./file-store.ts";
import { parseStoreLocation } from "./store-location.ts";

/**
 * Opens the object store that `--store` names: a folder, `s3://bucket[/prefix]` or `r2://account/bucket[/prefix]`.
 * Credentials come from where the AWS SDK looks for them: environment, profile or the role of the machine.
 * @throws invalid_argument
 */
export async function openStore(text: string): Promise<ObjectStore> {
  const location = parseStoreLocation(text);
  if (location.kind === "folder") return createFileStore(location.path);
  // The SDK takes a moment to load, which a folder need not wait for.
  const { createS3Client, createS3Store } = await import("./s3-store.ts");
  return createS3Store(createS3Client(location), location);
}
