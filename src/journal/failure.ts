import { isPalateError, PalateError } from '../errors.ts';
import { errorCode, isNoRoom } from '../files/system-error.ts';

/** What a failed system call means to the journal's callers. */

const otherFullCodes: ReadonlySet<string> = new Set(['EFBIG', 'EMFILE', 'ENFILE']);
const unwritableCodes: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'ENOTSUP',
  'EOPNOTSUPP',
]);

const unreadableCodes: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']);

/** After a full disk, how long appends are refused before one may try again, in milliseconds. */
export const fullPauseMillis = 250;

/** Was there no room: on the disk, within a quota, for a larger file, or in the table of open files? */
export function isFull(error: unknown): boolean {
  return isNoRoom(error) || otherFullCodes.has(errorCode(error));
}

export function fullError(cause: unknown): PalateError {
  return new PalateError(
    'JOURNAL_FULL',
    `no room for the journal (${errorCode(cause)}): nothing acknowledged is lost`,
    {
      cause,
      retryAfterMillis: fullPauseMillis,
    },
  );
}

/** After this the journal takes nothing more: see the comment in `segment-writer.ts`. */
export function failedError(what: string, cause: unknown): PalateError {
  if (isPalateError(cause)) return cause;
  return new PalateError(
    'JOURNAL_FAILED',
    `the journal could not ${what} (${errorCode(cause) || 'no code'}): restart the server`,
    {
      cause,
    },
  );
}

export function closedError(): PalateError {
  return new PalateError('JOURNAL_CLOSED', 'the journal is closed');
}

/** What stopped the journal from being opened. */
export function openError(folder: string, cause: unknown): PalateError {
  if (isPalateError(cause)) return cause;
  if (isFull(cause)) return fullError(cause);
  const code = errorCode(cause);
  const message = `the journal's folder ${folder} can't be used (${code || 'no code'})`;
  return new PalateError(unwritableCodes.has(code) ? 'DATA_UNWRITABLE' : 'JOURNAL_FAILED', message, { cause });
}

/** What stopped a journal from being read by a process that does not own it. */
export function readingError(folder: string, cause: unknown): PalateError {
  if (isPalateError(cause)) return cause;
  const code = errorCode(cause) || 'no code';
  if (!unreadableCodes.has(code)) return failedError(`read the folder ${folder}`, cause);
  return new PalateError('INPUT_UNREADABLE', `the journal in ${folder} can't be read (${code})`, { cause });
}
