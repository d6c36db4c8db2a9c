import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { GetProfileRequestSchema } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { StrategyName } from '../../src/config/placements.ts';
import { explain } from '../../src/recommendation/explanation.ts';
import { defaultFoldSettings } from '../../src/recommendation/fold/settings.ts';
import { createState, type State } from '../../src/recommendation/fold/state.ts';
import { getProfile } from '../../src/recommendation/profile.ts';
import { rank } from '../../src/recommendation/ranking.ts';
import type { Reading } from '../../src/recommendation/reading.ts';
import { fewestJudged } from '../../src/recommendation/selection.ts';
import { createStrategies } from '../../src/recommendation/strategies/all.ts';
import { defaultSessionKnnSettings } from '../../src/recommendation/strategies/neighbours.ts';
import { defaultSessionStanSettings } from '../../src/recommendation/strategies/session-stan.ts';
import { resolveSubject } from '../../src/recommendation/subject.ts';
import { anyEvent } from './fold/any-event.ts';
import { apply } from './fold/events.ts';

const strategies = createStrategies(defaultSessionKnnSettings, defaultSessionStanSettings);
const anyone = { userId: '', visitorId: '', sessionId: '', recentItemIds: [], contextItemId: '' };

/** What each strategy answers to each session and user. */
function answers(state: State) {
  const tenant = state.tenant('default')!;
  const asked = [
    ...['s1', 's2', 's3', 's4'].map((sessionId) => ({ ...anyone, sessionId })),
    ...['ann', 'bob'].map((userId) => ({ ...anyone, userId })),
  ];
  return (Object.keys(strategies) as StrategyName[]).flatMap((strategy) =>
    asked.flatMap((who) => {
      const { items } = rank(tenant, strategies, {
        chain: [{ strategy, weight: 1, category: '' }],
        boosts: [],
        conditions: [],
        subject: resolveSubject(tenant, who),
        limit: 10,
        skip: 0,
        fewestJudged,
        excludeCurrent: true,
        excludeSeen: false,
        explain: true,
        only: undefined,
        nowMicros: 1_900_000_000_000_000,
      });
      return items;
    }),
  );
}

async function profileText(state: State, userId: string): Promise<string> {
  const reading = { feed: { state } } as unknown as Reading;
  const call = { tenant: 'default', signal: new AbortController().signal, deadlineMillis: Number.POSITIVE_INFINITY };
  const profile = await getProfile(reading, create(GetProfileRequestSchema, { userId, includeSessions: true }), call);
  return JSON.stringify({ ...profile, meals: [] }, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
}

describe('items that were forgotten', () => {
  it('are in no answer, no reason and no profile', async () => {
    const settings = fc.record({ maxItems: fc.integer({ min: 1, max: 7 }), maxSessions: fc.constantFrom(5, 1_000) });
    const journal = fc.array(anyEvent, { minLength: 80, maxLength: 200 });
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(journal, settings, async (events, bounds) => {
        const state = createState({ ...defaultFoldSettings, ...bounds });
        for (const [at, one] of events.entries()) {
          apply(state, [one]);
          if (at % 40 !== 39) continue;
          const tenant = state.tenant('default')!;
          for (const { item, score, evidence } of answers(state)) {
            answered++;
            assert.ok(tenant.catalogue.isHeld(item));
            assert.ok(Number.isFinite(score));
            for (const { itemIds } of explain(tenant, evidence)) assert.ok(!itemIds.includes(''));
          }
          for (const user of ['ann', 'bob']) {
            const text = await profileText(state, user);
            assert.doesNotMatch(text, /"itemIds?":(""|\[("[^"]*",)*"")/);
          }
        }
      }),
      { numRuns: 30 },
    );
    assert.ok(answered > 1_000);
  });
});
