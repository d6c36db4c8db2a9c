import type { FollowAnswer } from '../../journal/follower/answer.ts';
import type { Follower } from '../../journal/follower/follower.ts';
import type { Log } from '../../rpc/log.ts';
import { maskUser } from '../erasure/masks.ts';
import type { State } from '../fold/state.ts';
import { startFoldSpans } from '../fold-spans.ts';
import { RecordFolder } from '../record-folder.ts';

/** What a state holds already. */
export interface FoldedBefore {
  /** '': whatever the journal, nothing of it is in the state. */
  readonly journalId: string;
  /** 0: none. */
  readonly generation: number;
  /** Records that are in the state. */
  readonly records: number;
}

export interface FoldingOptions {
  readonly state: State;
  readonly follower: Follower;
  readonly before: FoldedBefore;
  readonly log: Log;
  /** Other work gets its turn after so long. */
  readonly sliceMillis: number;
  /** Told of each answer when it comes. */
  readonly onHeard: (folding: Folding, answer: FollowAnswer) => void;
  /** Told as the state gets on, about once a slice. */
  readonly onFolded: (folding: Folding) => void;
}

/** A state that is folded from a journal elsewhere, in slices that give way to other work. */
export class Folding {
  readonly state: State;
  readonly #options: FoldingOptions;
  readonly #folder: RecordFolder;
  readonly #stopping = new AbortController();
  #journalId: string;
  #generation: number;
  #throughSequence = 0;
  /** To be masked until the state has all that is durable of them, which is up to there. */
  #masked: FollowAnswer['masked'] = [];
  #maskThrough = 0;

  constructor(options: FoldingOptions) {
    const { state, before, log } = options;
    this.state = state;
    this.#options = options;
    this.#folder = new RecordFolder(state, log);
    this.#journalId = before.journalId;
    this.#generation = before.generation;
  }

  get journalId(): string {
    return this.#journalId;
  }

  /** That all of the state comes from. Later records may be of higher ones; 0: nothing was heard yet. */
  get generation(): number {
    return this.#generation;
  }

  /** All of the journal up to here is in the state. There may be gaps after its last record. */
  get throughSequence(): number {
    return Math.max(this.#throughSequence, this.state.sequence);
  }

  /** Records in the state, tombstones included. */
  get records(): number {
    return this.#options.before.records + this.#folder.records;
  }

  /** Records whose bytes are no event: reported and passed over. */
  get unreadable(): number {
    return this.#folder.unreadable;
  }

  /** Folds what comes until `stop`. Throws what ends the following for good, JOURNAL_FORMAT. */
  async run(): Promise<void> {
    const { follower, onHeard, onFolded } = this.#options;
    const place = { afterSequence: this.state.sequence, journalId: this.#journalId };
    for await (const answer of follower.follow(place, this.#stopping.signal)) {
      this.#journalId = answer.journalId;
      if (this.#generation === 0) this.#generation = answer.generation;
      this.#note(answer);
      onHeard(this, answer);
      await this.#foldAll(answer);
      this.#mask();
      if (this.#stopping.signal.aborted) return;
      onFolded(this);
    }
  }

  /** What is in the state, for one that goes on with it. */
  get folded(): FoldedBefore {
    return { journalId: this.#journalId, generation: this.#generation, records: this.records };
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #foldAll({ block, throughSequence }: FollowAnswer): Promise<void> {
    const spans = startFoldSpans(block);
    for (let at = 0; at < block.length; ) {
      at = this.#folder.foldBlock(block, at, performance.now() + this.#options.sliceMillis);
      if (at < block.length) await this.#giveWay();
      if (this.#stopping.signal.aborted) return;
    }
    for (const span of spans) span.end();
    this.#throughSequence = throughSequence;
  }

  #note({ masked, lastSequence }: FollowAnswer): void {
    if (masked.length === 0) return;
    this.#masked = masked;
    this.#maskThrough = lastSequence;
  }

  #mask(): void {
    for (const { tenant, userId } of this.#masked) maskUser(this.state.tenant(tenant), userId);
    if (this.throughSequence >= this.#maskThrough) this.#masked = [];
  }

  async #giveWay(): Promise<void> {
    this.#options.onFolded(this);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
