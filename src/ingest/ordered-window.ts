/** Works on several inputs at once and gives the results out in the order of the inputs. */

/**
 * Starts `work` on each input as it comes and yields the results in order. While `limit` results are under way or not yet
 * taken, no further input is read: so flow control holds back a caller who sends too fast. The first failure, of the
 * input or of a piece of work, ends it, after the results before it were yielded.
 */
export async function* orderedWindow<Input, Output>(
  inputs: AsyncIterable<Input>,
  limit: number,
  work: (input: Input) => Promise<Output>,
): AsyncGenerator<Output, void, undefined> {
  const results = new ResultQueue<Output>(limit);
  void pump(inputs, results, work);
  try {
    for (let next = await results.take(); next !== undefined; next = await results.take()) yield await next.result;
  } finally {
    results.close();
  }
}

async function pump<Input, Output>(
  inputs: AsyncIterable<Input>,
  results: ResultQueue<Output>,
  work: (input: Input) => Promise<Output>,
): Promise<void> {
  try {
    for await (const input of inputs) {
      results.put(work(input));
      await results.room();
      if (results.closed) return;
    }
  } catch (failure) {
    results.put(Promise.reject(failure));
  }
  results.end();
}

/** One writer, one reader; what it holds are results that may not be there yet. */
class ResultQueue<Output> {
  readonly #limit: number;
  /** Wrapped, for a promise cannot be handed through an async function without being awaited. */
  readonly #waiting: { readonly result: Promise<Output> }[] = [];
  #ended = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;
  closed = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  put(result: Promise<Output>): void {
    // Whoever takes it sees a rejection; if nobody does any more, it must not count as unhandled.
    result.catch(() => undefined);
    this.#waiting.push({ result });
    this.#wakeReader?.();
  }

  async room(): Promise<void> {
    while (this.#waiting.length >= this.#limit && !this.closed) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
  }

  /** Undefined at the end. */
  async take(): Promise<{ readonly result: Promise<Output> } | undefined> {
    while (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const next = this.#waiting.shift();
    this.#wakeWriter?.();
    return next;
  }

  end(): void {
    this.#ended = true;
    this.#wakeReader?.();
  }

  close(): void {
    this.closed = true;
    this.#wakeWriter?.();
  }
}
