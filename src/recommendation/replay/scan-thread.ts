import { entryBeside } from '../../threads/entry.ts';
import { HelperThread } from './helper-thread.ts';
import type { FromScan, ScanData, ToScan } from './messages.ts';
import { createMemory, ScannedBlock } from './scanned-block.ts';

/** So many blocks it may be ahead: 13 MiB. */
const mostAhead = 8;

/** A thread that reads a journal from its beginning, ahead of who folds it, checks its records and scans its events. */
export class ScanThread {
  readonly #thread: HelperThread<ToScan, FromScan>;
  readonly #memories = Array.from({ length: mostAhead }, createMemory);
  readonly #blocks: Extract<FromScan, { place: number }>[] = [];
  #isOver = false;

  /** `folder`: the journal's. `throughSequence`: as far as it is durable. */
  constructor(folder: string, throughSequence: number) {
    const data: ScanData = { folder, throughSequence, memories: this.#memories };
    this.#thread = new HelperThread({
      entry: entryBeside(import.meta.url, './scan.worker'),
      name: 'scan of events',
      task: 'scans events',
      data,
      take: (message) => this.#take(message),
    });
  }

  /**
   * The records, in order; a block holds until the next one is asked for. Ends at the sequence, or where the thread was stopped.
   * @throws PalateError WORKER_LOST, with what is wrong as its cause: with the journal, or with the thread
   */
  async *read(): AsyncGenerator<ScannedBlock> {
    for (;;) {
      if (this.#blocks.length === 0) await this.#thread.until(() => this.#blocks.length > 0 || this.#isOver);
      const next = this.#blocks.shift();
      if (next === undefined) break;
      yield new ScannedBlock(this.#memories[next.place]!, next.block);
      this.#thread.send({ folded: next.place });
    }
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#blocks.length = 0;
    await this.#thread.stop();
  }

  #take(message: FromScan): void {
    if ('isOver' in message) this.#isOver = true;
    else if (!this.#isOver) this.#blocks.push(message);
  }
}
