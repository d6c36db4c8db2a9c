import { Worker } from 'node:worker_threads';
import { PalateError } from '../../errors.ts';
import { entryBeside } from '../../threads/entry.ts';
import type { FromScan, ScanData, ToScan } from './messages.ts';
import { createMemory, ScannedBlock } from './scanned-block.ts';

/** So many blocks it may be ahead: 13 MiB. */
const mostAhead = 8;
/** A block takes milliseconds. */
const patienceMillis = 60_000;

/** A thread that reads a journal from its beginning, ahead of who folds it, checks its records and scans its events. */
export class ScanThread {
  readonly #worker: Worker;
  readonly #memories = Array.from({ length: mostAhead }, createMemory);
  readonly #blocks: Extract<FromScan, { place: number }>[] = [];
  #isOver = false;
  #failure: PalateError | undefined;
  /** Of who waits, of whom there is one at most. */
  #wake: () => void = () => undefined;

  /** `folder`: the journal's. `throughSequence`: as far as it is durable. */
  constructor(folder: string, throughSequence: number) {
    const workerData: ScanData = { folder, throughSequence, memories: this.#memories };
    this.#worker = new Worker(entryBeside(import.meta.url, './scan.worker'), { workerData, name: 'scan of events' });
    this.#worker.on('message', (message: FromScan) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread ended with code ${code}`)));
  }

  /**
   * The records, in order; a block holds until the next one is asked for. Ends at the sequence, or where the thread was stopped.
   * @throws PalateError WORKER_LOST, with what is wrong as its cause: with the journal, or with the thread
   */
  async *read(): AsyncGenerator<ScannedBlock> {
    for (;;) {
      if (this.#blocks.length === 0) await this.#more();
      const next = this.#blocks.shift();
      if (next === undefined) break;
      yield new ScannedBlock(this.#memories[next.place]!, next.block);
      this.#worker.postMessage({ folded: next.place } satisfies ToScan);
    }
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#blocks.length = 0;
    this.#wake();
    await this.#worker.terminate();
  }

  #take(message: FromScan): void {
    if ('isOver' in message) this.#isOver = true;
    else if (!this.#isOver) this.#blocks.push(message);
    this.#wake();
  }

  #fail(cause: Error): void {
    this.#failure ??= new PalateError('WORKER_LOST', 'the thread that scans events was lost', { cause });
    this.#wake();
  }

  async #more(): Promise<void> {
    const timer = setTimeout(() => this.#fail(new Error('it answers no more')), patienceMillis);
    try {
      while (this.#blocks.length === 0 && !this.#isOver && this.#failure === undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    } finally {
      clearTimeout(timer);
    }
    if (this.#blocks.length === 0 && !this.#isOver && this.#failure !== undefined) throw this.#failure;
  }
}
