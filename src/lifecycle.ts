/**
 * Starts the parts of a process in order and stops them in reverse.
 *
 * A stop has two stages, after Temporal's worker: first every part may drain within `graceMillis` (a server refuses new
 * calls and finishes what it has), then what is left is closed by force.
 */

/** One part of a process: a journal, a server, a worker. */
export interface Part {
  readonly name: string;
  /** What may take long gives up, without an error, when `signal` aborts: the process is to stop already. */
  start?(signal?: AbortSignal): Promise<void>;
  /** Stop taking new work and finish what is there. Gives up when `signal` aborts. */
  drain?(signal: AbortSignal): Promise<void>;
  /** Let go of everything. Runs after every drain, in reverse order, also when a start failed. */
  stop?(): Promise<void>;
}

export interface LifecycleOptions {
  /** How long all drains together may take, in milliseconds. */
  readonly graceMillis: number;
  readonly onError?: (part: string, stage: 'drain' | 'stop', error: unknown) => void;
}

export class Lifecycle {
  readonly #parts: readonly Part[];
  readonly #options: LifecycleOptions;
  readonly #started: Part[] = [];
  readonly #stop = new AbortController();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: readonly Part[], options: LifecycleOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /**
   * Starts each part after the one before it. When one fails, those already started are stopped and it is thrown. A stop
   * in the meantime ends it after the part that is just starting.
   */
  async start(): Promise<void> {
    for (const part of this.#parts) {
      if (this.#stopping !== undefined) return;
      this.#started.push(part);
      try {
        this.#starting = part.start?.(this.#stop.signal);
        await this.#starting;
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  /** Drains, then stops, both in reverse. A second call waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    this.#stop.abort();
    const grace = AbortSignal.timeout(this.#options.graceMillis);
    const expired = new Promise<void>((resolve) => grace.addEventListener('abort', () => resolve(), { once: true }));
    // A part that is half started cannot be let go: it finishes, fails, or runs out of grace.
    await Promise.race([this.#starting?.catch(() => undefined), expired]);
    const parts = this.#started.toReversed();
    // A part that does not heed its signal must not keep the others.
    for (const part of parts) {
      await this.#attempt(part, 'drain', () => Promise.race([part.drain?.(grace), expired]).then(() => undefined));
    }
    for (const part of parts) await this.#attempt(part, 'stop', () => part.stop?.());
  }

  /** One part's failure must not keep the others from letting go. */
  async #attempt(part: Part, stage: 'drain' | 'stop', run: () => Promise<void> | undefined): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#options.onError?.(part.name, stage, error);
    }
  }
}
