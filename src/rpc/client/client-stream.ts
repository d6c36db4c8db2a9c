import { once } from 'node:events';
import type { ClientDuplexStream, ClientReadableStream, ClientWritableStream } from '@grpc/grpc-js';
import { errorFromServer, isServiceError } from './client-error.ts';

/** A grpc-js stream that takes requests. */
export type ClientStream = ClientWritableStream<unknown> | ClientDuplexStream<unknown, unknown>;

/**
 * Reads a stream of answers, at the pace of whoever takes them, while `requests` are written. Left early, it ends the
 * call and the requests.
 *
 * @throws PalateError of the call; or what `requests` threw.
 */
export async function* readAnswers(
  call: ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>,
  address: string,
  signal: AbortSignal | undefined,
  requests: AsyncIterable<unknown> | undefined,
): AsyncGenerator<unknown> {
  const cancel = (): void => call.cancel();
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  let failure: { readonly error: unknown } | undefined;
  if (requests !== undefined) {
    writeRequests(call as ClientDuplexStream<unknown, unknown>, requests).catch((error: unknown) => {
      failure = { error };
      call.cancel();
    });
  }
  try {
    yield* call;
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw isServiceError(error) ? errorFromServer(error, address) : error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    // After the end it does nothing. A late error has nobody to tell.
    call.on('error', () => {});
    call.cancel();
  }
}

/** Writes each request when the stream has room for it. Ends when the call does, and returns `requests` early then. */
export async function writeRequests(call: ClientStream, requests: AsyncIterable<unknown>): Promise<void> {
  const ended = new AbortController();
  const onEnd = (): void => ended.abort();
  call.once('status', onEnd);
  call.once('close', onEnd);
  const iterator = requests[Symbol.asyncIterator]();
  ended.signal.addEventListener('abort', () => void iterator.return?.()?.catch(() => {}));
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    if (ended.signal.aborted) return;
    if (!call.write(next.value)) await once(call, 'drain', { signal: ended.signal }).catch(() => {});
    if (ended.signal.aborted) return;
  }
  call.end();
}
