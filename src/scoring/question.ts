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

/** The call as the scorer sees it. `withinMillis`: no longer than this from now. `span`: the question's own, where it has one. */
export function callerOf(call: Call, withinMillis = Number.POSITIVE_INFINITY, span = call.span): ScoreCall {
  const millis = Math.min(call.remainingMillis(), withinMillis);
  return new CallAtHand(call, systemClock.now() + millis, span);
}

/** A call makes its signal on first use: who is refused at once has none. To be passed on as it is, not spread. */
class CallAtHand implements ScoreCall {
  readonly #call: Call;
  readonly tenant: string;
  readonly span: Span | undefined;
  readonly deadlineMillis: number;

  constructor(call: Call, deadlineMillis: number, span: Span | undefined) {
    this.#call = call;
    this.tenant = call.tenant;
    this.span = span;
    this.deadlineMillis = deadlineMillis;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }
}
