/** From what a request names to a photo's bytes. What they are is for the decoder to find out: nobody's word is taken. */

import type { ScoreRequest } from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import { isPalateError, PalateError } from '../../errors.ts';
import type { ObjectName, ObjectStore } from '../../storage/objects/object-store.ts';
import type { Clock } from '../batcher/clock.ts';
import { tooLarge } from '../fetching/read-body.ts';
import type { UriFetcher } from '../fetching/uri-fetcher.ts';
import { type Caller, checkCaller, waitFor } from './caller.ts';

/** Where a photo is: the bytes themselves, an address, or a key in the tenant's part of the object store. */
export type ImageSource = Exclude<ScoreRequest['image'], { case: undefined }>;

export interface FetchOptions {
  readonly clock: Clock;
  readonly objects: ObjectStore;
  readonly uris: UriFetcher;
  /** The largest photo. */
  readonly maxBytes: number;
}

/**
 * Gets a photo's bytes.
 * @throws PalateError TOO_LARGE, OBJECT_NOT_FOUND, OBJECT_CORRUPT, STORAGE_FAILED, DEADLINE_EXCEEDED, and those of
 * `UriFetcher.fetch`; also the signal's reason.
 */
export type Fetch = (source: ImageSource, from: Caller & { readonly tenant: string }) => Promise<Uint8Array>;

export function createFetch({ clock, objects, uris, maxBytes }: FetchOptions): Fetch {
  return async (source, caller) => {
    // What came with the call is there: this is its first turn, and to ask its signal is to make one.
    if (source.case !== 'imageBytes') checkCaller(caller, clock);
    const bytes = await read(source, caller);
    if (bytes.length > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  };

  function read({ case: kind, value }: ImageSource, caller: Parameters<Fetch>[1]): Promise<Uint8Array> | Uint8Array {
    if (kind === 'imageBytes') return value;
    if (kind === 'imageUri') return uris.fetch(value, caller);
    return waitFor(readObject(objects, { tenant: caller.tenant, sha256: value }), caller, clock);
  }
}

const objectKey = /^[0-9a-f]{64}$/;

async function readObject(objects: ObjectStore, name: ObjectName): Promise<Uint8Array> {
  const bytes = objectKey.test(name.sha256) ? await get(objects, name) : undefined;
  if (bytes === undefined)
    throw new PalateError('OBJECT_NOT_FOUND', `there is no object ${JSON.stringify(name.sha256)}`);
  return bytes;
}

/** A store's own message may tell where it keeps things. */
async function get(objects: ObjectStore, name: ObjectName): Promise<Uint8Array | undefined> {
  try {
    return await objects.get(name);
  } catch (error) {
    if (!isPalateError(error)) throw error;
    throw new PalateError(error.reason, `object ${name.sha256} could not be read`, { cause: error });
  }
}
