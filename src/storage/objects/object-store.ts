/**
 * Keeps objects (photos, models) by the SHA-256 of their bytes, each tenant's apart. What an object is called follows from
 * what is in it: it never changes, and the same bytes are kept once.
 */
export interface ObjectStore {
  /**
   * Keeps an object. Resolves when it is durable; at once where it is kept already.
   * @throws PalateError STORAGE_FULL, STORAGE_FAILED; nothing is kept then.
   */
  put(object: ObjectName, bytes: Uint8Array): Promise<void>;
  /**
   * Its bytes, held against their hash; undefined: it is not kept.
   * @throws PalateError OBJECT_CORRUPT, STORAGE_FAILED
   */
  get(object: ObjectName): Promise<Uint8Array | undefined>;
  has(object: ObjectName): Promise<boolean>;
  /** Nothing of it can be read when this resolves. Does nothing where it is not kept. */
  delete(object: ObjectName): Promise<void>;
  /** The hashes of a tenant's objects, in no order. Those put or deleted meanwhile may be among them or not. */
  list(tenant: string): AsyncIterable<string>;
}

export interface ObjectName {
  /** '' is the default tenant. */
  readonly tenant: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}
