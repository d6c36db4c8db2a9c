import { isPalateError, PalateError } from '../../errors.ts';
import { isNoRoom } from '../../files/system-error.ts';

/** What a file system threw, as our error: STORAGE_FULL or STORAGE_FAILED. Ours passes as it is. */
export function storageError(what: string, path: string, cause: unknown): PalateError {
  if (isPalateError(cause)) return cause;
  return new PalateError(isNoRoom(cause) ? 'STORAGE_FULL' : 'STORAGE_FAILED', `could not ${what} ${path}`, { cause });
}
