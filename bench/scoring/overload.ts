/** More photos than the server can score, at a fixed pace that does not give way, each with a deadline. */

import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { isPalateError } from '../../src/errors.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';
import { openLoop } from '../load/open-loop.ts';
import { paceByTimer } from '../load/pace.ts';
import type { MeasuredServer } from '../measured-server.ts';
import { type Percentiles, percentilesOf } from '../percentiles.ts';
import { inferredImages } from './inferred-images.ts';
import { connectPhotoLoad, type Failures } from './photo-load.ts';
import { numbered, numberPlace, renumber } from './photos.ts';

export interface OverloadPlan {
  /** Sampled. */
  readonly server: MeasuredServer;
  readonly jpegs: readonly Buffer[];
  readonly firstNumber: number;
  readonly peakPerSecond: number;
  readonly peakPerCpuSecond: number;
  /** Of the peak, asked for. */
  readonly factor: number;
  readonly timeoutMillis: number;
  readonly seconds: number;
}

export interface OverloadFigures {
  readonly askedPerSecond: number;
  readonly timeoutMillis: number;
  readonly requests: number;
  /** Answered within their deadline, as the client saw it. */
  readonly inTime: number;
  readonly late: number;
  readonly goodputOfPeak: number;
  /** The same a CPU-second of the server, which other programs on the machine change less. */
  readonly goodputOfPeakByCpu: number;
  readonly refused: number;
  /** Of all failures, those with a `google.rpc.Status`. */
  readonly withDetails: number;
  readonly deadlineExceeded: number;
  readonly otherFailures: number;
  /** Images that were inferred and whose answer was not in time. */
  readonly inferredInVain: number;
  readonly latencyMillis: Percentiles;
  /** Of an ordinary client beside the load: refusals, and those of them that say when to come again. */
  readonly seen: { readonly refusals: number; readonly withRetryAfter: number };
  readonly residentBytes: { readonly before: number; readonly highest: number; readonly after: number };
  readonly serverCpuShare: number;
}

const resourceExhausted = 8;
const deadlineExceeded = 4;

/** Runs it. Every photo is a new one to the server. */
export async function measureOverload(plan: OverloadPlan): Promise<OverloadFigures> {
  const { server, jpegs, firstNumber, peakPerSecond, peakPerCpuSecond, factor, timeoutMillis, seconds } = plan;
  const perSecond = Math.round(peakPerSecond * factor);
  const load = await connectPhotoLoad({ address: server.grpc, jpegs, firstNumber, timeoutMillis, connections: 2 });
  const ordinary = startOrdinaryClient(server.grpc, jpegs[0]!, timeoutMillis);
  const [beganAt, before, inferredBefore] = [Date.now(), server.cost(), await inferredImages(server.grpc)];
  try {
    const result = await openLoop(load, { perSecond, moments: perSecond * seconds }, paceByTimer);
    const seen = await ordinary.stop();
    const after = server.cost();
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    const inTime = result.sinceSent.filter((millis) => millis <= timeoutMillis).length;
    const inferred = (await inferredImages(server.grpc)) - inferredBefore;
    const resident = server.samples().filter(({ at }) => at >= beganAt);
    return {
      askedPerSecond: perSecond,
      timeoutMillis,
      requests: perSecond * seconds,
      inTime,
      late: result.sinceSent.length - inTime,
      goodputOfPeak: (inTime + seen.answered) / result.seconds / peakPerSecond,
      goodputOfPeakByCpu: (inTime + seen.answered) / cpuSeconds / peakPerCpuSecond,
      ...failuresOf(load.failures()),
      inferredInVain: Math.max(0, inferred - inTime - seen.answered),
      latencyMillis: percentilesOf(result.sinceSent),
      seen,
      residentBytes: {
        before: before.residentBytes,
        highest: Math.max(...resident.map(({ residentBytes }) => residentBytes)),
        after: after.residentBytes,
      },
      serverCpuShare: cpuSeconds / result.seconds,
    };
  } finally {
    load.close();
  }
}

function failuresOf({ byCode, withDetails }: Failures) {
  const of = (code: number) => byCode.get(code) ?? 0;
  const all = [...byCode.values()].reduce((sum, count) => sum + count, 0);
  const [refused, timedOut] = [of(resourceExhausted), of(deadlineExceeded)];
  return { refused, withDetails, deadlineExceeded: timedOut, otherFailures: all - refused - timedOut };
}

/** A few calls a second by the client that callers use, which reads what a refusal says. */
function startOrdinaryClient(address: string, jpeg: Buffer, timeoutMillis: number) {
  const { call, close } = createGrpcClient(ScoringService, address, { attempts: 1, timeoutMillis });
  const seen = { refusals: 0, withRetryAfter: 0, answered: 0 };
  const underWay = new Set<Promise<void>>();
  // Numbered twice: none of the load's.
  const bytes = numbered(numbered(jpeg));
  const place = numberPlace(bytes);
  let number = 1;
  const ask = async (): Promise<void> => {
    renumber(bytes, place, number++);
    try {
      await call.score({ image: { case: 'imageBytes', value: Buffer.from(bytes) } });
      seen.answered += 1;
    } catch (error) {
      if (!isPalateError(error) || error.reason !== 'OVERLOADED') return;
      seen.refusals += 1;
      if (error.retryAfterMillis !== undefined) seen.withRetryAfter += 1;
    }
  };
  const timer = setInterval(() => {
    const asked = ask().finally(() => underWay.delete(asked));
    underWay.add(asked);
  }, askEveryMillis);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      close();
      return seen;
    },
  };
}

const askEveryMillis = 250;
