import { Worker } from 'node:worker_threads';
import { PalateError } from '../../errors.ts';

/** What a thread is waited for takes milliseconds. */
const patienceMillis = 60_000;

export interface HelperOptions<From> {
  /** See `entryBeside`. */
  readonly entry: URL;
  /** As it is called in lists of threads. */
  readonly name: string;
  /** What it does, for errors: `keeps tallies`. */
  readonly task: string;
  /** What it starts with; it has to be cloneable. */
  readonly data: unknown;
  readonly take: (message: From) => void;
}

/** A thread beside a replay, which talks all the time and is not replaced: where it is lost, who waits for it is told. */
export class HelperThread<To, From> {
  readonly #worker: Worker;
  readonly #task: string;
  #failure: PalateError | undefined;
  /** Of who waits, of whom there is one at most. */
  #wake: () => void = () => undefined;

  constructor({ entry, name, task, data, take }: HelperOptions<From>) {
    this.#task = task;
    this.#worker = new Worker(entry, { workerData: data, name });
    this.#worker.on('message', (message: From) => {
      take(message);
      this.#wake();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread ended with code ${code}`)));
  }

  /** WORKER_LOST: it is there no more. */
  get failure(): PalateError | undefined {
    return this.#failure;
  }

  send(message: To): void {
    this.#worker.postMessage(message);
  }

  /** Resolves when what it said has made it so. Rejects with WORKER_LOST where that can't be any more. */
  async until(isSo: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.#fail(new Error('it answers no more')), patienceMillis);
    try {
      while (this.#failure === undefined && !isSo()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    } finally {
      clearTimeout(timer);
    }
    if (this.#failure !== undefined && !isSo()) throw this.#failure;
  }

  /** Ends it, whatever it is at. */
  async stop(): Promise<void> {
    this.#fail(new Error('it was stopped'));
    await this.#worker.terminate();
  }

  #fail(cause: Error): void {
    this.#failure ??= new PalateError('WORKER_LOST', `the thread that ${this.#task} was lost`, { cause });
    this.#wake();
  }
}
