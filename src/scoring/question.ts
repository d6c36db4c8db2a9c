import type { ScoreRequest } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { Call } from '../rpc/call.ts';
import type { Span } from '../telemetry/tracing/tracer.ts';
import { systemClock } from './batcher/clock.ts';
import type { Caller } from './stages/caller.ts';

/** What `Score` and `ScoreStream` ask alike. */
export type ScoreQuestion = Omit<ScoreRequest, '$typeName' | '$unknown'>;

/** Who asks, for whom, and until when: by the scorer's clock, which never goes back, while a call's is the time of day. */
export interface ScoreCall extends Caller {
  readonly tenant: string;
  readonly signal: AbortSignal;
  /** The call's, where it is recorded. */
  readonly span?: Span | undefined;
}

/** The call as the scorer sees it. `withinMillis`: no longer than this from now. */
export function callerOf(call: Call, withinMillis = Number.POSITIVE_INFINITY): ScoreCall {
  const { tenant, signal, span } = call;
  const millis = Math.min(call.remainingMillis(), withinMillis);
  return { tenant, signal, span, deadlineMillis: systemClock.now() + millis };
}
