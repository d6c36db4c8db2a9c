/** The requests of a stream until the server begins to drain; whoever sends more is heard no longer. */
export async function* untilDraining<Request>(
  requests: AsyncIterable<Request>,
  draining: AbortSignal,
): AsyncGenerator<Request, void, undefined> {
  const iterator = requests[Symbol.asyncIterator]();
  try {
    while (!draining.aborted) {
      const next = await nextOrDraining(iterator, draining);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    // What it waits for may never come.
    iterator.return?.()?.catch(() => undefined);
  }
}

/** Undefined: the server drains. Made anew for each request, so that nothing gathers on the signal. */
async function nextOrDraining<Request>(
  iterator: AsyncIterator<Request>,
  draining: AbortSignal,
): Promise<IteratorResult<Request> | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Request> | undefined>();
  const onDraining = () => resolve(undefined);
  draining.addEventListener('abort', onDraining, { once: true });
  iterator.next().then(resolve, reject);
  try {
    return await promise;
  } finally {
    draining.removeEventListener('abort', onDraining);
  }
}
