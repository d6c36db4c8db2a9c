import { Worker } from 'node:worker_threads';
import { PalateError } from '../errors.ts';
import { errorOf, type FromWorker, type LogLevel, type ToWorker } from './messages.ts';

export interface WorkerOptions {
  /** What it does, in a word or two, for errors and the log: `shadow fold`. */
  readonly name: string;
  /** See `entryBeside`. The file calls `serveRequests`. */
  readonly entry: URL;
  /** What the worker starts with; it has to be cloneable. */
  readonly data: unknown;
  /** Requests that may be unanswered at a time; a further one is OVERLOADED. */
  readonly maxPending: number;
  /** Takes the worker's lines, and what went wrong with it. */
  readonly log: Record<LogLevel, (fields: object, message: string) => void>;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since the epoch; Infinity: none. */
  readonly deadlineMillis?: number | undefined;
  readonly transfer?: readonly ArrayBuffer[];
}

interface Pending {
  /** Lets go of what waits with it. */
  readonly release: () => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** The longest that a timer of Node waits. */
const longestTimer = 2 ** 31 - 1;

/**
 * A worker thread that is started by its first request and stays. When it dies, what it had not answered fails with
 * WORKER_LOST, the log says why, and the next request starts another.
 */
export class SupervisedWorker {
  readonly #options: WorkerOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #isStopped = false;
  #nextId = 1;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Requests that are not answered yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Resolves with what the worker's handler of that name answers. Rejects with what it threw, DEADLINE_EXCEEDED, the
   * signal's reason, OVERLOADED, WORKER_LOST, SHUTTING_DOWN. A request that is not waited for any more is called off.
   */
  request(method: string, payload: unknown, options: RequestOptions = {}): Promise<unknown> {
    const { signal, deadlineMillis = Number.POSITIVE_INFINITY, transfer = [] } = options;
    const refused = this.#refusal(signal);
    if (refused !== undefined) return Promise.reject(refused);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const worker = this.#started();
      const callOff = (reason: unknown) => {
        worker.postMessage({ cancelled: id } satisfies ToWorker);
        this.#settle(id)?.reject(reason);
      };
      const onAbort = () => callOff(signal?.reason);
      const timer = isFinal(deadlineMillis)
        ? setTimeout(() => callOff(this.#late()), remaining(deadlineMillis))
        : undefined;
      signal?.addEventListener('abort', onAbort, { once: true });
      const release = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      this.#pending.set(id, { resolve, reject, release });
      // Until it has answered, the process has something to do.
      worker.ref();
      worker.postMessage({ id, method, payload, deadlineMillis } satisfies ToWorker, [...transfer]);
    });
  }

  /** Ends the worker where it has nothing to do: the memory that it held is free, and the next request starts another. */
  rest(): void {
    if (this.#pending.size > 0) return;
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  /**
   * Ends the worker, whatever it is at, and resolves when it is over; what it had not answered fails with `reason`. The
   * next request starts another.
   */
  async discard(reason: PalateError): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#rejectAll(reason);
    await worker?.terminate();
  }

  /** Ends the worker, whatever it is at; what it had not answered fails with SHUTTING_DOWN. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#rejectAll(new PalateError('SHUTTING_DOWN', `the ${this.#options.name} is stopping`));
    await this.#worker?.terminate();
  }

  #refusal(signal: AbortSignal | undefined): unknown {
    const { name, maxPending } = this.#options;
    if (this.#isStopped) return new PalateError('SHUTTING_DOWN', `the ${name} has stopped`);
    if (signal?.aborted) return signal.reason;
    if (this.#pending.size < maxPending) return undefined;
    return new PalateError('OVERLOADED', `the ${name} has ${maxPending} requests waiting already`);
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { entry, data, name } = this.#options;
    const worker = new Worker(entry, { workerData: data, name });
    worker.on('message', (message: FromWorker) => this.#take(message));
    worker.on('error', (error) => this.#lost(worker, error));
    worker.on('exit', (code) => this.#lost(worker, new Error(`the thread ended with code ${code}`)));
    // A process that has nothing else to do may end.
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #take(message: FromWorker): void {
    if ('level' in message) this.#options.log[message.level](message.fields, message.message);
    else if ('error' in message) this.#settle(message.id)?.reject(errorOf(message.error));
    else this.#settle(message.id)?.resolve(message.value);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.release();
    // One that is ending keeps the process until it has: an answer that comes late must not let go of it.
    if (this.#pending.size === 0 && !this.#isStopped) this.#worker?.unref();
    return pending;
  }

  #lost(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    if (this.#isStopped) return;
    const { name, log } = this.#options;
    log.error(
      { error: cause, worker: name, unanswered: this.#pending.size },
      'a worker died: the next request starts another',
    );
    this.#rejectAll(new PalateError('WORKER_LOST', `the ${name} died before it answered`, { cause }));
  }

  #rejectAll(reason: PalateError): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(reason);
  }

  #late(): PalateError {
    return new PalateError('DEADLINE_EXCEEDED', `the ${this.#options.name} did not answer in time`);
  }
}

function isFinal(deadlineMillis: number): boolean {
  return remaining(deadlineMillis) <= longestTimer;
}

function remaining(deadlineMillis: number): number {
  return Math.max(0, deadlineMillis - Date.now());
}
