import { entryBeside } from '../../threads/entry.ts';
import type { Archive } from '../fold/archive.ts';
import type { FoldSettings } from '../fold/settings.ts';
import { TallyLog } from '../fold/tally-log.ts';
import { ArchiveReader } from '../snapshots/archive-reader.ts';
import { HelperThread } from './helper-thread.ts';
import type { FromTallies, TallyData, ToTallies } from './messages.ts';

/** Numbers in the first row of a tenant, who may have few events, and in all further ones. */
const firstRow = 1_024;
const rowLength = 65_536;
/** Rows that may wait to be added up: 8 MiB. */
const maxUnderWay = 16;

/**
 * A thread that keeps the tallies of a state while it is replayed. It is told of rows in order, and tells when they can be
 * written anew; at the end the tallies' own memory changes hands.
 */
export class TallyThread {
  readonly #thread: HelperThread<ToTallies, FromTallies>;
  readonly #logs: TallyLog[] = [];
  /** By place: rows, which both threads see. */
  readonly #rows: Float64Array[] = [];
  /** Of rows that the other thread knows. */
  readonly #places = new Map<Float64Array, number>();
  /** Those that were added up, to be written anew. */
  readonly #spare: Float64Array[] = [];
  #underWay = 0;
  #tallies: Extract<FromTallies, { tallies: unknown }>['tallies'] | undefined;

  constructor(settings: FoldSettings) {
    const data: TallyData = { settings };
    this.#thread = new HelperThread({
      entry: entryBeside(import.meta.url, './tally.worker'),
      name: 'tallies',
      task: 'keeps tallies',
      data,
      take: (message) => this.#take(message),
    });
  }

  /** A tenant's log, for `State.noteTallies`. */
  openLog(tenant: string): TallyLog {
    const log = new TallyLog(sharedRow(firstRow), (row, length) => this.#pass(tenant, row, length));
    this.#logs.push(log);
    return log;
  }

  /** Resolves when no more rows wait than may. Rejects with WORKER_LOST. */
  async room(): Promise<void> {
    if (this.#underWay > maxUnderWay) await this.#thread.until(() => this.#underWay <= maxUnderWay);
    if (this.#thread.failure !== undefined) throw this.#thread.failure;
  }

  /** Ends it, and gives what `State.takeTallies` takes. Nothing may be noted any more. Rejects with WORKER_LOST. */
  async finish(): Promise<(tenant: string) => Archive | undefined> {
    for (const log of this.#logs) log.flush();
    this.#thread.send({ isOver: true });
    await this.#thread.until(() => this.#tallies !== undefined);
    const tallies = this.#tallies!;
    await this.stop();
    return (tenant) => {
      const sections = tallies.get(tenant);
      return sections === undefined ? undefined : new ArchiveReader(sections);
    };
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }

  #pass(tenant: string, row: Float64Array, length: number): Float64Array {
    this.#underWay++;
    const known = this.#places.get(row);
    const place = known ?? this.#rows.push(row) - 1;
    if (known === undefined) this.#places.set(row, place);
    this.#thread.send({ tenant, place, length, memory: known === undefined ? row : undefined });
    return this.#spare.pop() ?? sharedRow(rowLength);
  }

  #take(message: FromTallies): void {
    if ('tallies' in message) this.#tallies = message.tallies;
    else {
      this.#underWay--;
      const row = this.#rows[message.place]!;
      if (row.length === rowLength) this.#spare.push(row);
    }
  }
}

/** Not one that changes hands: it would count as the heap's until the next full collection, and so bring it about. */
function sharedRow(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
}
