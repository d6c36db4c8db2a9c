import { isPalateError } from '../errors.ts';
import { readEventId } from '../events/event-id.ts';
import type { Journal, ReadOptions } from '../journal/journal.ts';
import type { RecordBlock } from '../journal/record-block.ts';
import type { Part } from '../lifecycle.ts';
import type { Duplicates } from './duplicates.ts';

/** So many ids go to a window at once. */
const idsAtOnce = 256;
const wordsPerId = 4;

/**
 * Fills the windows from the journal at the start. Who replays the journal then reads it `beside`: the ids are noted on the
 * way, and the journal is read once. What nobody has read by the time of `start` is read then.
 */
export class DuplicateRecall implements Part {
  readonly name = 'duplicates';
  readonly #journal: Pick<Journal, 'readBlocks' | 'status'>;
  readonly duplicates: Duplicates;
  /** Gathered until they go to the window of one tenant. */
  readonly #ids = new Uint32Array(idsAtOnce * wordsPerId);
  #gathered = 0;
  #tenant = '';
  /** Ids up to here are noted. */
  #throughSequence = 0;
  #isDone = false;

  readonly #oldEnough: () => number;

  /** `oldEnough`: up to which sequence no id is needed; asked when reading begins. */
  constructor(
    journal: Pick<Journal, 'readBlocks' | 'status'>,
    duplicates: Duplicates,
    oldEnough: () => number = () => 0,
  ) {
    this.#journal = journal;
    this.duplicates = duplicates;
    this.#oldEnough = oldEnough;
  }

  /** The same journal, whose ids are noted as it is read. */
  beside<Read extends Pick<Journal, 'readBlocks'>>(journal: Read): Read {
    return { ...journal, readBlocks: (options) => this.#readBlocks(journal, options) };
  }

  async start(): Promise<void> {
    await this.#noteThrough(this.#journal.status().durableSequence);
    this.#isDone = true;
  }

  /** Throws what the journal throws: a corrupt record must not make a duplicate look new. */
  async *#readBlocks(journal: Pick<Journal, 'readBlocks'>, options: ReadOptions): AsyncGenerator<RecordBlock> {
    if (!this.#isDone) await this.#noteThrough(options.afterSequence);
    for await (const block of journal.readBlocks(options)) {
      if (!this.#isDone) this.#note(block);
      yield block;
    }
  }

  /** The oldest ids must come first: they are forgotten first. */
  async #noteThrough(sequence: number): Promise<void> {
    const { firstSequence } = this.#journal.status();
    const afterSequence = Math.max(this.#throughSequence, firstSequence - 1, this.#oldEnough());
    if (afterSequence >= sequence) return;
    for await (const block of this.#journal.readBlocks({ afterSequence })) {
      this.#note(block.until(sequence));
      if (this.#throughSequence >= sequence) break;
    }
  }

  #note(block: RecordBlock): void {
    for (let at = 0; at < block.length; at++) {
      const sequence = block.sequence(at);
      if (sequence <= this.#throughSequence || block.isTombstone(at)) continue;
      const tenant = block.tenant(at);
      if (tenant !== this.#tenant || this.#gathered === idsAtOnce) this.#flush();
      this.#tenant = tenant;
      this.#gather(block, at);
    }
    this.#flush();
    if (block.length > 0) this.#throughSequence = Math.max(this.#throughSequence, block.sequence(block.length - 1));
  }

  /** Events were checked before they were journalled; one that a later version wrote may still not be walkable here. */
  #gather(block: RecordBlock, at: number): void {
    const { bytes } = block;
    const [from, to] = [block.from(at), block.to(at)];
    try {
      if (readEventId(bytes, this.#ids, this.#gathered * wordsPerId, from, to)) this.#gathered++;
    } catch (error) {
      if (!isPalateError(error)) throw error;
    }
  }

  #flush(): void {
    if (this.#gathered === 0) return;
    const window = this.duplicates.of(this.#tenant);
    window.fetch(this.#ids, this.#gathered);
    for (let at = 0; at < this.#gathered; at++) window.add(this.#ids, at * wordsPerId);
    this.#gathered = 0;
  }
}

/** A failed write leaves gaps between sequences: so much more than the window is read. */
const slack = 1.1;

/**
 * Up to which sequence no id is needed, where a state that was folded through `foldedThrough` knows so many tenants. With
 * one tenant the newest records are its window. With several nobody knows where that of a quiet one begins.
 */
export function beforeWindow(tenants: number, foldedThrough: number, durableSequence: number, window: number): number {
  return tenants > 1 ? 0 : Math.max(0, Math.min(foldedThrough, durableSequence - Math.ceil(window * slack)));
}
