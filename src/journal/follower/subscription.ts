import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError } from '../../errors.ts';
import { streamBytes } from '../../rpc/client/byte-stream.ts';
import type { ConnectionOptions } from '../../rpc/client/connection.ts';
import { decodeAnswer, type FollowAnswer } from './answer.ts';

/** A place in a journal. */
export interface FollowPlace {
  /** Exclusive; 0 is the very beginning. */
  readonly afterSequence: number;
  /** '': whichever journal is there. */
  readonly journalId: string;
}

export interface SubscriptionOptions {
  readonly place: FollowPlace;
  readonly signal: AbortSignal;
  /** A connection on which nothing is heard for so long is taken for lost. Owners say something every second. */
  readonly silenceMillis: number;
  /** End at the journal's present end. Default: no. */
  readonly untilEnd?: boolean;
  readonly connection?: ConnectionOptions | undefined;
}

/**
 * What one connection brings, until it ends: quietly where the owner drains or `signal` aborts.
 * Throws what the owner answered, UNREACHABLE, MALFORMED_MESSAGE.
 */
export async function* subscribeTo(
  address: string,
  { place, signal, silenceMillis, untilEnd = false, connection }: SubscriptionOptions,
): AsyncGenerator<FollowAnswer, void, undefined> {
  const silence = new AbortController();
  const request = {
    afterSequence: BigInt(place.afterSequence),
    journalId: place.journalId,
    untilEnd,
    allTenants: true,
  };
  const answers = streamBytes(address, IngestService.method.subscribe, request, {
    signal: AbortSignal.any([signal, silence.signal]),
    keepaliveMillis: silenceMillis,
    keepaliveTimeoutMillis: silenceMillis,
    connection,
  });
  try {
    for (;;) {
      const timer = setTimeout(() => silence.abort(), silenceMillis);
      const { value, done } = await answers.next().finally(() => clearTimeout(timer));
      if (done) return;
      yield decodeAnswer(value);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!silence.signal.aborted) throw error;
    throw new PalateError('UNREACHABLE', `${address} said nothing for ${silenceMillis} ms`, { cause: error });
  } finally {
    await answers.return();
  }
}
