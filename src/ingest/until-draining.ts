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
  // One listener for the whole stream: a race for each input would leave a reaction behind with every one of them.
  let interrupt: (() => void) | undefined;
  const onDrain = (): void => interrupt?.();
  draining.addEventListener('abort', onDrain);
  const next = (): Promise<IteratorResult<Input>> =>
    new Promise((resolve, reject) => {
      interrupt = () => reject(stopping());
      iterator.next().then(resolve, reject);
    });
  try {
    while (!draining.aborted) {
      const input = await next();
      if (input.done) return;
      yield input.value;
    }
    throw stopping();
  } finally {
    draining.removeEventListener('abort', onDrain);
    // Not awaited: a source that waits for input which never comes would keep the call open.
    iterator.return?.()?.catch(() => undefined);
  }
}

function stopping(): PalateError {
  return new PalateError('SHUTTING_DOWN', 'the server is stopping: send the rest again');
}
