/** What becomes of the errors of an S3 server. Their codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */

import { isPalateError, PalateError } from '../../errors.ts';

/** What servers say when there is no room. The last three are not AWS's own: they have disks that fill up. */
const fullCodes = new Set([
  'QuotaExceeded',
  'InsufficientCapacity',
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'InsufficientStorage',
]);
const insufficientStorage = 507;

/** What went wrong, as one word: the server's code, or the network's. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  // Answers to HEAD have no body, so no code.
  const name = error.name === 'Unknown' || error.name === 'Error' ? undefined : error.name;
  return name ?? (typeof Reflect.get(error, 'code') === 'string' ? String(Reflect.get(error, 'code')) : 'Unknown');
}

/** The HTTP status of the answer; undefined: there was none. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata: metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return metadata?.httpStatusCode;
}

/** There is no such object. That there is no such bucket is another thing. */
export function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound', 'NoSuchVersion'].includes(codeOf(error));
}

/** STORAGE_FULL or STORAGE_FAILED. @param what as in `could not WHAT` */
export function storageError(what: string, cause: unknown): PalateError {
  if (isPalateError(cause)) return cause;
  const isFull = fullCodes.has(codeOf(cause)) || statusOf(cause) === insufficientStorage;
  return new PalateError(isFull ? 'STORAGE_FULL' : 'STORAGE_FAILED', `could not ${what}: ${saidBy(cause)}`, { cause });
}

/** At the start, what the server will refuse for ever is a fault of the configuration. */
export function startError(place: string, cause: unknown): PalateError {
  if (isPalateError(cause)) return cause;
  const status = statusOf(cause);
  const isRefused = status !== undefined && status >= 300 && status < 500 && status !== 429 && status !== 408;
  const hasNoCredentials = codeOf(cause) === 'CredentialsProviderError';
  if (!isRefused && !hasNoCredentials) return storageError(`reach ${place}`, cause);
  return new PalateError('CONFIG_INVALID', `${place} can't be used: ${hint(codeOf(cause)) ?? saidBy(cause)}`, {
    cause,
  });
}

function hint(code: string): string | undefined {
  const wrongKey = `the server refuses the credentials (${code})`;
  const hints: Readonly<Record<string, string>> = {
    InvalidAccessKeyId: wrongKey,
    // versitygw's word for the same.
    XAdminUserNotFound: wrongKey,
    SignatureDoesNotMatch: wrongKey,
    InvalidToken: wrongKey,
    ExpiredToken: wrongKey,
    AccessDenied: 'the credentials may not list it (AccessDenied)',
    NoSuchBucket: 'there is no such bucket (NoSuchBucket)',
    CredentialsProviderError: 'no credentials were found: neither in the configuration nor where the AWS SDK looks',
    PermanentRedirect: 'the bucket is in another region (PermanentRedirect)',
    AuthorizationHeaderMalformed: 'the bucket is in another region (AuthorizationHeaderMalformed)',
  };
  return hints[code];
}

function saidBy(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (['AbortError', 'TimeoutError'].includes(codeOf(cause))) return 'there was no answer in time';
  const code = codeOf(cause);
  const status = statusOf(cause);
  return [status ?? '', code, message === code ? '' : message].filter((part) => part !== '').join(' ');
}
