/**
 * Beside Gorse (https://github.com/gorse-io/gorse), a recommender in Go: feedback inserted a second by its REST API, and
 * recommendations after the same clicks. See README.md for how it is started.
 */

import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { microsOf } from '../../src/events/timestamp.ts';
import { itemOf } from '../clicks.ts';
import { callJson, connectHttpCaller } from '../load/http-caller.ts';
import type { Load } from '../load/open-loop.ts';
import type { MeasuredServer, ServerCost } from '../measured-server.ts';
import { connectOurs } from './ours.ts';
import { inRounds, type Latency } from './rounds.ts';

const batchFeedback = 200;

/** Inserts clicks as feedback in batches of 200, `atATime` of them; answers how many seconds it took. */
export async function insertFeedback(url: string, clicks: readonly Event[], atATime: number): Promise<number> {
  const caller = await connectHttpCaller(url, atATime);
  const batches = Array.from({ length: Math.ceil(clicks.length / batchFeedback) }, (_, index) =>
    JSON.stringify(clicks.slice(index * batchFeedback, (index + 1) * batchFeedback).map(feedbackOf)),
  );
  const left = batches.values();
  const startedAt = performance.now();
  const worker = async () => {
    for (const body of left) await callJson(caller, { method: 'POST', path: '/api/feedback', body });
  };
  try {
    await Promise.all(Array.from({ length: atATime }, worker));
  } finally {
    caller.close();
  }
  return (performance.now() - startedAt) / 1_000;
}

/** Sessions stand for users: Serenade's data has no others. */
function feedbackOf(click: Event) {
  const micros = click.occurredAt === undefined ? 0 : microsOf(click.occurredAt);
  return {
    FeedbackType: 'view',
    UserId: click.sessionId,
    ItemId: itemOf(click),
    Timestamp: new Date(micros / 1_000).toISOString(),
  };
}

export interface GorsePlan {
  readonly url: string;
  readonly ours: MeasuredServer;
  /** Of the peer, where its process is known. */
  readonly cost: (() => ServerCost) | undefined;
  readonly placement: string;
  readonly rounds: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Those of whom recommendations are asked. */
  readonly sessionIds: readonly string[];
}

/** Recommendations for users who have clicked, at the same pace, in turn. */
export async function gorseLatency(plan: GorsePlan): Promise<readonly Latency[]> {
  const { url, ours, cost, placement, rounds, perSecond, seconds, sessionIds } = plan;
  const http = await connectHttpCaller(url);
  const grpc = await connectOurs(
    ours.grpc,
    sessionIds.map((sessionId) => ({ placement, sessionId, limit: 20 })),
  );
  const prepared = sessionIds.map((id) =>
    http.prepare({ method: 'GET', path: `/api/recommend/${encodeURIComponent(id)}?n=20` }),
  );
  let next = 0;
  const gorse: Load = {
    next: (answered) => http.call(prepared[next++ % prepared.length], answered),
    isEmpty: (answer) => answer.length <= 4,
  };
  try {
    const sides = [
      { name: 'Gorse', load: gorse, cost },
      { name: 'Palate', load: grpc, cost: ours.cost },
    ];
    return await inRounds(sides, rounds, { perSecond, moments: perSecond * seconds });
  } finally {
    http.close();
    grpc.close();
  }
}
