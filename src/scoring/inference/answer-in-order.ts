import type { Ending } from '../../rpc/answer-as-ready.ts';

/**
 * Starts `work` on each input as it comes and yields the answers in the order of the inputs: a caller that gives no ids can
 * tell them apart. While `limit` are under way or not yet taken, no further input is read. A failure of the inputs or of a
 * piece of work ends it, after the answers before it. When `ending` aborts, no further input is taken: what is under way is
 * answered, and then its error is thrown.
 */
export async function* answerInOrder<Input, Output>(
  inputs: AsyncIterable<Input>,
  limit: number,
  work: (input: Input) => Promise<Output>,
  ending: Ending,
): AsyncGenerator<Output, void, undefined> {
  const line = new Line<Output>(limit);
  const onEnding = () => line.end({ error: ending.error() });
  if (ending.signal.aborted) onEnding();
  else ending.signal.addEventListener('abort', onEnding, { once: true });
  void readInto(line, inputs, work);
  try {
    for (;;) {
      await line.until(() => line.answers.length > 0 || line.ended !== undefined);
      const first = line.answers[0];
      if (first === undefined) break;
      yield await first;
      line.answers.shift();
      line.changed();
    }
    if (line.ended?.error !== undefined) throw line.ended.error;
  } finally {
    ending.signal.removeEventListener('abort', onEnding);
    line.end({});
  }
}

async function readInto<Input, Output>(
  line: Line<Output>,
  inputs: AsyncIterable<Input>,
  work: (input: Input) => Promise<Output>,
): Promise<void> {
  try {
    for await (const input of inputs) {
      if (line.ended !== undefined) return;
      const answer = work(input);
      // It is looked at in its turn.
      answer.catch(() => undefined);
      line.answers.push(answer);
      line.changed();
      await line.until(() => line.hasRoom() || line.ended !== undefined);
    }
    line.end({});
  } catch (error) {
    line.end({ error });
  }
}

/** What is under way, in order, and who waits for a change of it. */
class Line<Output> {
  readonly answers: Promise<Output>[] = [];
  /** Set when nothing more is read, with what it fails with after the last answer. */
  ended: { readonly error?: unknown } | undefined;
  readonly #limit: number;
  #change = Promise.withResolvers<void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoom(): boolean {
    return this.answers.length < this.#limit;
  }

  end(how: { readonly error?: unknown }): void {
    this.ended ??= how;
    this.changed();
  }

  changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#change.promise;
  }
}
