import { isPalateError } from '../../errors.ts';

/** A photo that gets no score. */
export interface Rejected {
  readonly rejection: { readonly reason: string; readonly message: string };
}

/** Faults of the photo are answers to the question of its score; undefined: the error is another. */
export function rejectionOf(error: unknown): Rejected['rejection'] | undefined {
  if (!isPalateError(error) || (error.reason !== 'UNREADABLE' && error.reason !== 'TOO_LARGE')) return undefined;
  return { reason: error.reason, message: error.message };
}
