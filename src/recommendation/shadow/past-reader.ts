import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { parsePlacement } from '../../config/placements.ts';
import type { ReadCall } from '../reading.ts';
import { createReads, type ReadMethod } from '../reads.ts';
import type { FeedStatus, StateFeed } from '../state-feed.ts';
import type { AnswerRequest, ShadowData } from './messages.ts';
import type { PastState } from './past-state.ts';

/** A past state is as far as it should be, and follows nothing. */
const standing: Omit<FeedStatus, 'generation'> = {
  lag: 0,
  records: 0,
  unreadable: 0,
  replayedRecords: 0,
  replayMillis: 0,
  failure: undefined,
};

type Log = Record<'warn', (fields: object, message: string) => void>;

/**
 * Answers requests from a past state by the handlers of the service. The answer, too, is a message's bytes. `atMicros`:
 * the moment that is now for the handlers; undefined: that of the last record.
 */
export function createPastReader({ placements, sessionKnn, sessionStan }: ShadowData, past: PastState, log: Log) {
  let nowMicros = 0;
  const feed: StateFeed = {
    get state() {
      return past.state;
    },
    reached: () => Promise.resolve(),
    status: () => ({ ...standing, generation: past.origin().generation }),
  };
  const reads = createReads({
    feed,
    placements,
    parsePlacement,
    onInvalidPlacement: (placement, error) => log.warn({ placement, error }, 'a placement from an event is not valid'),
    sessionKnn,
    sessionStan,
    now: () => nowMicros,
  });
  return async (
    asked: Omit<AnswerRequest, 'moment' | 'generation'>,
    atMicros: number | undefined,
    call: Omit<ReadCall, 'tenant'>,
  ) => {
    nowMicros = atMicros ?? past.origin().appendedAtMicros;
    const method = asked.method as ReadMethod;
    const { input, output } = RecommendationService.method[method];
    const request = fromBinary(input, asked.request);
    const answer = await reads[method](request as never, { ...call, tenant: asked.tenant });
    return toBinary(output, create(output, answer as never));
  };
}
