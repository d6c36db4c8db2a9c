import { isPalateError } from '../errors.ts';
import { readEventId } from '../events/event-id.ts';
import type { RecordBlock } from '../journal/record-block.ts';
import type { Duplicates } from './duplicates.ts';

/** So many ids go to a window at once. */
const idsAtOnce = 256;
const wordsPerId = 4;

/** Puts the ids of records into the windows of their tenants. */
export class IdNotes {
  readonly #duplicates: Duplicates;
  /** Gathered until they go to the window of one tenant. */
  readonly #ids = new Uint32Array(idsAtOnce * wordsPerId);
  #gathered = 0;
  #tenant = '';
  #throughSequence: number;

  /** `throughSequence`: what is noted already. */
  constructor(duplicates: Duplicates, throughSequence = 0) {
    this.#duplicates = duplicates;
    this.#throughSequence = throughSequence;
  }

  /** Ids up to here are noted. */
  get throughSequence(): number {
    return this.#throughSequence;
  }

  /** Notes what comes, up to a sequence, and asks for no more. */
  async noteThrough(sequence: number, blocks: AsyncIterable<RecordBlock>): Promise<void> {
    for await (const block of blocks) {
      this.#note(block.until(sequence));
      if (this.#throughSequence >= sequence) break;
    }
  }

  /** What is noted already is passed over. The oldest ids must come first: they are forgotten first. */
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
    const window = this.#duplicates.of(this.#tenant);
    window.fetch(this.#ids, this.#gathered);
    for (let at = 0; at < this.#gathered; at++) window.add(this.#ids, at * wordsPerId);
    this.#gathered = 0;
  }
}
