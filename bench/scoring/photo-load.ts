/** The load of photos: calls of `Score` prepared beforehand, each with a photo that nobody has sent before, or with the same ones again. */

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ScoreRequestSchema, type ScoreResponse, ScoreResponseSchema } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { connectGrpcCaller } from '../load/grpc-caller.ts';
import type { PreparedCall } from '../load/http2-frames.ts';
import type { Load } from '../load/open-loop.ts';
import { numbered, numberPlace, renumber } from './photos.ts';

const scorePath = '/palate.scoring.v1.ScoringService/Score';

export interface PhotoLoadOptions {
  readonly address: string;
  readonly jpegs: readonly Buffer[];
  /** The number of the first photo. Undefined: the photos come as they are, and come again. */
  readonly firstNumber?: number | undefined;
  /** Of each call, in milliseconds. Default: the server's. */
  readonly timeoutMillis?: number | undefined;
  readonly connections?: number;
  /** Default: no. Then `answers` has none. */
  readonly keepsAnswers?: boolean;
}

/** How calls failed, by gRPC code. */
export interface Failures {
  readonly byCode: ReadonlyMap<number, number>;
  /** Those that say more in a `google.rpc.Status`. */
  readonly withDetails: number;
}

export interface PhotoLoad extends Load {
  /** Of the calls that were answered, in that order. */
  answers(): readonly ScoreResponse[];
  failures(): Failures;
  /** The number that the next photo would have. */
  readonly nextNumber: number;
  close(): void;
}

/** Connects and prepares a call for each photo. */
export async function connectPhotoLoad(options: PhotoLoadOptions): Promise<PhotoLoad> {
  const { address, jpegs, firstNumber, timeoutMillis, connections = 1, keepsAnswers = false } = options;
  const headers = timeoutMillis === undefined ? {} : { 'grpc-timeout': `${timeoutMillis}m` };
  const connect = () => connectGrpcCaller(address, scorePath, { readsStatus: true, headers });
  const callers = await Promise.all(Array.from({ length: connections }, connect));
  const kept: Buffer[] = [];
  const byCode = new Map<number, number>();
  let withDetails = 0;
  let asked = 0;
  let stamped = 0;
  const numberOf = firstNumber === undefined ? undefined : () => firstNumber + stamped++;
  const photos = jpegs.map((jpeg, index) => {
    const caller = callers[index % callers.length]!;
    return { caller, call: prepare(caller, jpeg, index, numberOf) };
  });
  return {
    next(answered) {
      const { caller, call } = photos[asked++ % photos.length]!;
      caller.call(call, (isOk, answer, status) => {
        if (isOk && keepsAnswers) kept.push(answer);
        if (!isOk) byCode.set(status?.code ?? unknownCode, (byCode.get(status?.code ?? unknownCode) ?? 0) + 1);
        if (status?.hasDetails === true) withDetails += 1;
        answered(isOk, answer);
      });
    },
    isEmpty: (answer) => answer.length === 0,
    answers: () => kept.map((answer) => fromBinary(ScoreResponseSchema, answer)),
    failures: () => ({ byCode, withDetails }),
    get nextNumber() {
      return (firstNumber ?? 0) + stamped;
    },
    close: () => {
      for (const caller of callers) caller.close();
    },
  };
}

/** UNKNOWN: the connection broke, or the status could not be read. */
const unknownCode = 2;

/** Each photo is always that of the same person, whose meals before it the tip goes by. `numberOf`: each call's own, if any. */
function prepare(
  caller: { prepare(message: Uint8Array): PreparedCall },
  jpeg: Buffer,
  index: number,
  numberOf: (() => number) | undefined,
): PreparedCall {
  const image = { case: 'imageBytes', value: numbered(jpeg) } as const;
  const call = caller.prepare(
    toBinary(ScoreRequestSchema, create(ScoreRequestSchema, { userId: `eater-${index}`, image })),
  );
  if (numberOf === undefined) return call;
  const place = numberPlace(call.bytes);
  return { ...call, stamp: (bytes) => renumber(bytes, place, numberOf()) };
}
