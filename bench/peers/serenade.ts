/**
 * Beside Serenade (https://github.com/bolcom/serenade), the recommender of Kersbergen et al., SIGMOD 2022, in Rust: on
 * its own data, its server and ours answer the same clicks of the test sessions. See README.md for how it is started.
 */

import { readTestSessions, type TestSession } from '../../scripts/test-sessions.ts';
import { clicksFile, frequenciesOf, readClicks } from '../clicks.ts';
import { callJson, connectHttpCaller, type HttpRequest } from '../load/http-caller.ts';
import type { Caller, Load } from '../load/open-loop.ts';
import type { MeasuredServer, ServerCost } from '../measured-server.ts';
import { createEvaluation, type Metrics } from '../metrics.ts';
import { connectOurs } from './ours.ts';
import { inRounds, type Latency } from './rounds.ts';

const length = 20;

/** Every prefix of the test sessions, one click at a time, as a visitor would send it. */
export async function serenadeAccuracy(url: string): Promise<Metrics> {
  const caller = await connectHttpCaller(url, 1);
  const evaluation = createEvaluation({ frequencies: frequenciesOf(await readClicks('train')) }, length);
  const run = Date.now();
  try {
    for (const { sessionId, itemIds } of await readTestSessions(clicksFile('test'))) {
      for (const [index, itemId] of itemIds.slice(0, -1).entries()) {
        const answer = (await callJson(caller, clickOf(`${run}-${sessionId}`, itemId))) as readonly number[];
        evaluation.add(answer.map(String), itemIds.slice(index + 1));
      }
    }
  } finally {
    caller.close();
  }
  return evaluation.result();
}

function clickOf(session: string, itemId: string): HttpRequest {
  const query = new URLSearchParams({ session_id: session, item_id: itemId, user_consent: 'true' });
  return { method: 'GET', path: `/v1/recommend?${query}` };
}

export interface SerenadePlan {
  readonly url: string;
  readonly ours: MeasuredServer;
  /** Of the peer, where its process is known. */
  readonly cost: (() => ServerCost) | undefined;
  /** Of our server. */
  readonly placement: string;
  readonly rounds: number;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Both at the same pace with the same clicks, in turn. */
export async function serenadeLatency(plan: SerenadePlan): Promise<readonly Latency[]> {
  const { url, ours, cost, placement, rounds, perSecond, seconds } = plan;
  const sessions = await readTestSessions(clicksFile('test'));
  const prefixes = sessions.flatMap(({ itemIds }) => itemIds.slice(1).map((_, index) => itemIds.slice(0, index + 1)));
  const http = await connectHttpCaller(url);
  const grpc = await connectOurs(
    ours.grpc,
    prefixes.map((prefix) => ({ placement, recentItemIds: prefix, limit: 21 })),
  );
  try {
    const sides = [
      { name: 'Serenade', load: serenadeLoad(http, sessions), cost },
      { name: 'Palate', load: grpc, cost: ours.cost },
    ];
    return await inRounds(sides, rounds, { perSecond, moments: perSecond * seconds });
  } finally {
    http.close();
    grpc.close();
  }
}

/** The same clicks; a new session id each time a session comes round again. */
function serenadeLoad(caller: Caller<HttpRequest>, sessions: readonly TestSession[]): Load {
  const run = Date.now();
  const passes = Array.from({ length: 16 }, (_, pass) =>
    sessions.flatMap(({ sessionId, itemIds }) =>
      itemIds.slice(0, -1).map((itemId) => caller.prepare(clickOf(`${run}-${pass}-${sessionId}`, itemId))),
    ),
  ).flat();
  let next = 0;
  return {
    next: (answered) => caller.call(passes[next++ % passes.length], answered),
    isEmpty: (answer) => answer.length <= 2,
  };
}
