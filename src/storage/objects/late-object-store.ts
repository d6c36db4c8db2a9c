/** A store elsewhere that may not be reachable just now: it is opened when it is, and asked for again and again till then. */

import { isPalateError, PalateError } from '../../errors.ts';
import type { ObjectStore } from './object-store.ts';

/** Objects in a store that whoever opened it closes. */
export interface ClosableObjectStore extends ObjectStore {
  /** Ends its connections. */
  close(): void;
}

export interface LateOptions {
  /** Behind an attempt that failed, every call fails at once for so long. */
  readonly restMillis: number;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/**
 * Opens a store, or goes on without where it can't be reached: each call then tries again, and fails with STORAGE_FAILED.
 * @throws PalateError what `open` throws, but for STORAGE_FAILED
 */
export async function openWhenReachable(
  open: () => Promise<ClosableObjectStore>,
  { restMillis, log }: LateOptions,
): Promise<ClosableObjectStore> {
  let store: ClosableObjectStore | undefined;
  let opening: Promise<ClosableObjectStore> | undefined;
  let failure: { readonly error: unknown; readonly atMillis: number } | undefined;
  let isClosed = false;
  const attempt = async () => {
    try {
      store = await open();
      if (isClosed) store.close();
      else if (failure !== undefined) log.info({}, 'the object store answers now');
      return store;
    } catch (error) {
      failure = { error, atMillis: performance.now() };
      throw error;
    } finally {
      opening = undefined;
    }
  };
  const opened = async (): Promise<ClosableObjectStore> => {
    if (store !== undefined) return store;
    if (failure !== undefined && performance.now() - failure.atMillis < restMillis) throw unreachable(failure.error);
    opening ??= attempt();
    return opening.catch((error: unknown) => Promise.reject(unreachable(error)));
  };
  try {
    await attempt();
  } catch (error) {
    if (!isPalateError(error) || error.reason !== 'STORAGE_FAILED') throw error;
    log.warn({ error }, 'the object store does not answer: photos are not kept until it does');
  }
  return {
    has: async (object) => (await opened()).has(object),
    put: async (object, bytes) => (await opened()).put(object, bytes),
    get: async (object) => (await opened()).get(object),
    delete: async (object) => (await opened()).delete(object),
    async *list(tenant) {
      yield* (await opened()).list(tenant);
    },
    close() {
      isClosed = true;
      store?.close();
    },
  };
}

/** What refuses us now is no fault of the one who asks. */
function unreachable(cause: unknown): PalateError {
  if (isPalateError(cause) && cause.reason === 'STORAGE_FAILED') return cause;
  return new PalateError('STORAGE_FAILED', 'the object store can not be opened', { cause });
}
