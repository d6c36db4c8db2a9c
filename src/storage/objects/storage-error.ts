import { isPalateError, PalateError } from '../../errors.ts';

/** What a file system threw, as our error: STORAGE_FULL or STORAGE_FAILED. Ours passes as it is. */
export function storageError(what: string, path: string, cause: unknown): PalateError {
  if (isPalateError(cause)) return cause;
  const isFull = ['ENOSPC', 'EDQUOT'].includes(codeOf(cause));
  return new PalateError(isFull ? 'STORAGE_FULL' : 'STORAGE_FAILED', `could not ${what} ${path}`, { cause });
}

/** `ENOENT` and the like; '' where there is none. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
