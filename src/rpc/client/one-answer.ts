import type { requestCallback } from '@grpc/grpc-js';
import { errorFromServer } from './client-error.ts';

/** Begins a call. `fail` ends it with an error of one's own. */
export type Begin<Answer> = (answered: requestCallback<Answer>, fail: (error: unknown) => void) => { cancel(): void };

/** The one answer of a call of grpc-js to `address`. The signal cancels it. @throws PalateError of the call */
export function oneAnswer<Answer>(
  address: string,
  signal: AbortSignal | undefined,
  begin: Begin<Answer>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const answered: requestCallback<Answer> = (error, answer) => {
    signal?.removeEventListener('abort', cancel);
    if (error === null) resolve(answer as Answer);
    else reject(errorFromServer(error, address));
  };
  const fail = (error: unknown): void => {
    reject(error);
    cancel();
  };
  const call = begin(answered, fail);
  const cancel = (): void => call.cancel();
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  return promise;
}
