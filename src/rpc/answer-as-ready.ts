/** Works on several inputs at once and gives the results out as they are ready. */

/** What ends a stream of answers from outside. */
export interface Ending {
  readonly signal: AbortSignal;
  /** Makes what it ends with. */
  readonly error: () => unknown;
}

/**
 * Starts `work` on each input as it comes and yields results in the order in which they are there. While `limit` are
 * under way or not yet taken, no further input is read. A failure of the inputs or of a piece of work ends it, after the
 * results that are there were yielded; `work` that must not end it gives its failure as a result. When `ending` aborts, no
 * further input is taken: what is under way is answered, and then its error is thrown.
 */
export async function* answerAsReady<Input, Output>(
  inputs: AsyncIterable<Input>,
  limit: number,
  work: (input: Input) => Promise<Output>,
  ending?: Ending,
): AsyncGenerator<Output, void, undefined> {
  const desk = new Desk<Output>(limit);
  const onEnding = () => desk.end({ error: ending?.error() });
  if (ending?.signal.aborted) onEnding();
  else ending?.signal.addEventListener('abort', onEnding);
  void pump(inputs, desk, work);
  try {
    while (true) {
      await desk.until(() => desk.ready.length > 0 || desk.isDone());
      const result = desk.ready.shift();
      if (result === undefined) break;
      desk.changed();
      yield result.value;
    }
    if (desk.failure !== undefined) throw desk.failure.error;
  } finally {
    ending?.signal.removeEventListener('abort', onEnding);
    desk.closed = true;
    desk.changed();
  }
}

async function pump<Input, Output>(
  inputs: AsyncIterable<Input>,
  desk: Desk<Output>,
  work: (input: Input) => Promise<Output>,
): Promise<void> {
  try {
    for await (const input of inputs) {
      if (desk.inputsEnded) return;
      void desk.run(() => work(input));
      await desk.until(() => desk.hasRoom() || desk.closed);
      if (desk.closed) return;
    }
  } catch (error) {
    desk.fail(error);
  }
  desk.end();
}

/** What is under way and what is ready, and who waits for a change of it. */
class Desk<Output> {
  readonly ready: { readonly value: Output }[] = [];
  failure: { readonly error: unknown } | undefined;
  inputsEnded = false;
  closed = false;
  readonly #limit: number;
  #underWay = 0;
  #hasFailed = false;
  #sleepers: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoom(): boolean {
    return this.#underWay + this.ready.length < this.#limit;
  }

  isDone(): boolean {
    return this.#hasFailed || (this.inputsEnded && this.#underWay === 0);
  }

  /** No input comes any more; what is under way is still answered. */
  end(failure?: { readonly error: unknown }): void {
    this.inputsEnded = true;
    this.failure ??= failure;
    this.changed();
  }

  /** Nothing more is waited for. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.#hasFailed = true;
    this.changed();
  }

  async run(work: () => Promise<Output>): Promise<void> {
    this.#underWay += 1;
    try {
      this.ready.push({ value: await work() });
    } catch (error) {
      this.fail(error);
    }
    this.#underWay -= 1;
    this.changed();
  }

  changed(): void {
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const wake of sleepers) wake();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((wake) => this.#sleepers.push(wake));
  }
}
