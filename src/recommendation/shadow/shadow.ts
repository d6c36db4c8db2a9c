import { create, toBinary } from '@bufbuild/protobuf';
import { type AsOf, RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../errors.ts';
import { microsOf, nowMicros } from '../../events/timestamp.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Part } from '../../lifecycle.ts';
import type { Log } from '../../rpc/log.ts';
import { entryBeside } from '../../threads/entry.ts';
import { SupervisedWorker } from '../../threads/supervised-worker.ts';
import { hasMasked } from '../erasure/masks.ts';
import type { Past } from '../past.ts';
import type { ReadCall } from '../reading.ts';
import type { Saved } from '../snapshots/save.ts';
import type { StateFeed } from '../state-feed.ts';
import type { AnswerRequest, DigestRequest, Moment, ShadowData, SnapshotRequest } from './messages.ts';

export interface ShadowOptions {
  readonly data: ShadowData;
  readonly journal: Pick<Journal, 'status'>;
  /** The present state: `min_sequence` waits for it. */
  readonly feed: StateFeed;
  readonly log: Log;
  /** Requests that may wait; a further one is OVERLOADED. Default 16. */
  readonly maxPending?: number;
  /** After so long without a request its memory is given back. Default five minutes. */
  readonly idleMillis?: number;
}

/** The serving thread's side of the shadow fold: it says what is wanted, and of which moment. */
export class Shadow implements Past, Part {
  readonly name = 'shadow fold';
  readonly #options: ShadowOptions;
  readonly #worker: SupervisedWorker;
  readonly #idleMillis: number;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ShadowOptions) {
    const { data, log, maxPending = 16, idleMillis = 300_000 } = options;
    this.#options = options;
    this.#idleMillis = idleMillis;
    const entry = entryBeside(import.meta.url, './shadow.worker');
    this.#worker = new SupervisedWorker({ name: this.name, entry, data, maxPending, log });
  }

  /** Requests that are not answered yet. */
  get pending(): number {
    return this.#worker.pending;
  }

  async answer(...[method, request, call]: Parameters<Past['answer']>): Promise<Uint8Array> {
    const { feed } = this.#options;
    await feed.reached(Number(request.minSequence), call.signal, call.deadlineMillis);
    if (hasMasked(feed.state.tenant(call.tenant))) throw erasing();
    const { input } = RecommendationService.method[method];
    const present = create(input, { ...request, asOf: undefined, minSequence: 0n } as never);
    const asked: AnswerRequest = {
      moment: this.#momentOf(request.asOf!),
      generation: this.#generation,
      tenant: call.tenant,
      method,
      request: toBinary(input, present),
    };
    return (await this.#ask('answer', asked, call)) as Uint8Array;
  }

  /** Of a tenant's state after a sequence that is durable. */
  async digest(sequence: number, call: ReadCall): Promise<string> {
    const { tenant } = call;
    const asked: DigestRequest = { sequence, generation: this.#generation, tenant };
    return (await this.#ask('digest', asked, call)) as string;
  }

  /**
   * Writes a snapshot of what is durable now. Undefined: an erasure is under way, and what it takes out would be in it.
   * @throws PalateError SNAPSHOT_FAILED, WORKER_LOST, what the journal throws.
   */
  async snapshot(signal: AbortSignal): Promise<Saved | undefined> {
    const { durableSequence: sequence, generation, settledGeneration } = this.#options.journal.status();
    if (generation !== settledGeneration) return undefined;
    const asked: SnapshotRequest = { sequence, generation };
    return (await this.#ask('snapshot', asked, { signal })) as Saved;
  }

  /** Up to which sequence the newest so many good snapshots all go; 0: there are not as many. It reads them whole. */
  async coveredThrough(copies: number, signal: AbortSignal): Promise<number> {
    return (await this.#ask('coveredThrough', { copies }, { signal })) as number;
  }

  /** Forgets what it has folded, and breaks off what it is at. When it resolves, nothing more of that is written. */
  async forget(): Promise<void> {
    await this.#worker.discard(erasing());
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#worker.stop();
  }

  /** Whatever is not folded from the settled journal is folded anew once it is. */
  get #generation(): number {
    return this.#options.journal.status().settledGeneration;
  }

  async #ask(method: string, payload: unknown, call: Partial<ReadCall>): Promise<unknown> {
    clearTimeout(this.#idle);
    try {
      return await this.#worker.request(method, payload, call);
    } finally {
      this.#idle = setTimeout(() => this.#worker.rest(), this.#idleMillis).unref();
    }
  }

  /** Throws SEQUENCE_UNAVAILABLE where it lies in the future. */
  #momentOf({ moment }: AsOf): Moment {
    const { durableSequence, lastAppendedAtMicros } = this.#options.journal.status();
    if (moment.case === 'sequence') {
      const sequence = Number(moment.value);
      if (sequence <= durableSequence) return { sequence };
      throw inFuture(`as_of: the journal ends at sequence ${durableSequence}; asked for ${sequence}`);
    }
    const micros = moment.case === 'time' ? microsOf(moment.value) : 0;
    if (micros > nowMicros()) throw inFuture('as_of: the time has not come yet');
    return micros >= lastAppendedAtMicros
      ? { sequence: durableSequence, atMicros: micros }
      : { appendedAtMicros: micros };
  }
}

/** The journal still has somebody whom nobody is to see any more. */
function erasing(): PalateError {
  return new PalateError('OVERLOADED', 'as_of: somebody is being erased; the past can be read when that is done');
}

function inFuture(message: string): PalateError {
  return new PalateError('SEQUENCE_UNAVAILABLE', message);
}
