import { once } from 'node:events';
import { PalateError } from '../errors.ts';

/**
 * The inputs until the server begins to drain, then SHUTTING_DOWN. What was read before is still worked on and
 * acknowledged; what was not read is for the caller to send again, elsewhere or later.
 */
export async function* untilDraining<Input>(
  inputs: AsyncIterable<Input>,
  draining: AbortSignal,
): AsyncGenerator<Input> {
  const iterator = inputs[Symbol.asyncIterator]();
  const stopped = draining.aborted ? Promise.resolve() : once(draining, 'abort').then(() => undefined);
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), stopped]);
      if (next === undefined) throw new PalateError('SHUTTING_DOWN', 'the server is stopping: send the rest again');
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not awaited: a source that waits for input which never comes would keep the call open.
    iterator.return?.()?.catch(() => undefined);
  }
}
