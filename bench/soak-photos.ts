/** The photos of a soak. */

import { setTimeout as delay } from 'node:timers/promises';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import { openLoop } from './load/open-loop.ts';
import type { Pace } from './load/pace.ts';
import type { MeasuredServer } from './measured-server.ts';
import { connectPhotoLoad } from './scoring/photo-load.ts';

export interface SoakPhotos {
  readonly asked: number;
  readonly errors: number;
  /** `MealScored`, one for each photo that got a score. */
  readonly events: number;
  /** Milliseconds since each was due. */
  readonly latencies: readonly number[];
}

/** Scores new photos at a pace. */
export async function scorePhotos({ grpc }: MeasuredServer, jpegs: readonly Buffer[], pace: Pace): Promise<SoakPhotos> {
  if (jpegs.length === 0) return { asked: 0, errors: 0, events: 0, latencies: [] };
  const load = await connectPhotoLoad({ address: grpc, jpegs, firstNumber: 1, keepsAnswers: true });
  try {
    const { errors, latencies } = await openLoop(load, pace);
    const events = load.answers().filter(({ score }) => score !== undefined).length;
    return { asked: pace.moments, errors, events, latencies };
  } finally {
    load.close();
  }
}

/** Events of scores come after their answers: waits until the journal stays as it is. */
export async function untilAtRest({ grpc }: MeasuredServer): Promise<void> {
  const { call, close } = createGrpcClient(IngestService, grpc);
  try {
    for (let before = -1n; ; await delay(settleMillis)) {
      const { lastSequence } = await call.getJournalStatus({});
      if (lastSequence === before) return;
      before = lastSequence;
    }
  } finally {
    close();
  }
}

const settleMillis = 500;
