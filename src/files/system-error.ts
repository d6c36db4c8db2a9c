/** What the errors of system calls mean. Their codes: https://man7.org/linux/man-pages/man3/errno.3.html */

/** The `code` of a failed system call, such as 'ENOSPC'; '' where there is none. */
export function errorCode(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return String(thrown.code);
}

/** There is no room: on the disk, or within a quota. */
export function isNoRoom(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(thrown));
}

/** There is no such file, nor can there be one. */
export function isMissing(thrown: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(thrown));
}
