/** What a store knows of an object without its bytes. */
export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  /** Opaque; changes whenever the bytes do. */
  readonly etag: string;
}

/** The answer to a `get`. */
export type StoredObject =
  | { readonly kind: "found"; readonly info: ObjectInfo; readonly bytes: Uint8Array }
  | { readonly kind: "unchanged" }
  | { readonly kind: "larger"; readonly sizeBytes: number }
  | { readonly kind: "missing" };

/** Conditions of a `get`. */
export interface GetOptions {
  /** The etag a reader knows; `unchanged` while it is still the object's. */
  readonly ifNoneMatch?: string;
  /** Most bytes wanted; an object of more is `larger`, and none of its bytes are held. */
  readonly mostBytes?: number;
}

/** Conditions of a `put`. */
export interface PutOptions {
  /** Write only over an object with this etag; else `precondition_failed`. */
  readonly ifMatch?: string;
  /** `*`: write only where no object is; else `precondition_failed`. */
  readonly ifNoneMatch?: "*";
  /** Hex SHA-256 the bytes must have; else `integrity_mismatch`, nothing written. */
  readonly sha256?: string;
}

/** One page of a listing, keys in ascending order of their UTF-8 bytes. */
export interface ListPage {
  readonly objects: readonly ObjectInfo[];
  /** Pass it to get the next page; absent on the last. */
  readonly cursor?: string;
}

/** Objects by key: a folder of files, S3, R2 or memory, all under one contract suite. Writes are atomic. */
export interface ObjectStore {
  /** Reads an object in one round trip. */
  get(key: string, options?: GetOptions): Promise<StoredObject>;
  /** What is known of an object, `null` when it is missing. */
  head(key: string): Promise<ObjectInfo | null>;
  /** Writes an object whole or not at all. @throws precondition_failed, integrity_mismatch */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo>;
  /** Lists a page of at most `limit` (1 to 1000, default 1000) objects whose keys start with `prefix`. */
  list(prefix: string, options?: { readonly cursor?: string; readonly limit?: number }): Promise<ListPage>;
  /** Removes an object; removing a missing one is no error. */
  delete(key: string): Promise<void>;
}
