/** Calls of every method of the services, in JSON, for clients that are not ours. */

import assert from 'node:assert/strict';

export interface Example {
  /** `package.Service/Method` */
  readonly method: string;
  readonly kind: 'unary' | 'server stream' | 'duplex';
  /** Made anew for each call: an event counts once. */
  readonly requests: () => readonly object[];
  /** Says whether the answers, in JSON and with zeros left out, are what they should be. */
  readonly check: (answers: readonly Answer[]) => void;
}

/** A message in JSON. */
// biome-ignore lint/suspicious/noExplicitAny: what comes is what the check is about.
export type Answer = any;

const view = (itemId: string) => ({ eventId: crypto.randomUUID(), sessionId: 'interop', itemViewed: { itemId } });
const ingest = 'palate.ingest.v1.IngestService';
const recommendation = 'palate.recommendation.v1.RecommendationService';

/** In this order: what is published first is there for those that come after. */
export const examples: readonly Example[] = [
  {
    method: `${ingest}/Publish`,
    kind: 'unary',
    requests: () => [{ events: [view('apple'), view('bread'), { eventId: 'none', itemViewed: { itemId: 'x' } }] }],
    check: ([{ accepted, lastSequence, rejected }]) => {
      assert.equal(accepted, 2);
      assert.ok(Number(lastSequence) >= 2);
      assert.equal(rejected[0].index, 2);
      assert.equal(rejected[0].reason, 'EVENT_INVALID');
    },
  },
  {
    method: `${ingest}/PublishStream`,
    kind: 'duplex',
    requests: () => [{ events: [view('apple')] }, { events: [view('bread'), view('cheese')] }],
    check: (answers) =>
      assert.deepEqual(
        answers.map(({ accepted }) => accepted),
        [1, 2],
      ),
  },
  {
    method: `${ingest}/Subscribe`,
    kind: 'server stream',
    requests: () => [{ untilEnd: true }],
    check: (answers) => {
      const records = answers.flatMap((answer) => answer.records ?? []);
      assert.ok(records.length >= 5);
      assert.equal(records[0].event.itemViewed.itemId, 'apple');
      assert.match(records[0].appendedAt, /^20\d\d-.*Z$/);
    },
  },
  {
    method: `${ingest}/GetJournalStatus`,
    kind: 'unary',
    requests: () => [{}],
    check: ([{ state, durability, lastSequence }]) => {
      assert.deepEqual([state, durability], ['JOURNAL_STATE_OPEN', 'DURABILITY_DISK']);
      assert.ok(Number(lastSequence) >= 5);
    },
  },
  {
    method: `${recommendation}/Recommend`,
    kind: 'unary',
    requests: () => [{ placement: 'home', recentItemIds: ['apple'], limit: 2, explain: true }],
    check: ([answer]) => assertItems(answer),
  },
  {
    method: `${recommendation}/RecommendStream`,
    kind: 'duplex',
    requests: () => [
      { requestId: 'first', placement: 'home', recentItemIds: ['apple'] },
      { requestId: 'second', placement: 'nowhere' },
    ],
    check: (answers) => {
      const of = (id: string) => answers.find(({ requestId }) => requestId === id);
      assertItems(of('first').result);
      assert.equal(of('second').status.code, 5);
      assert.equal(of('second').status.details[0].reason, 'UNKNOWN_PLACEMENT');
    },
  },
  {
    method: `${recommendation}/ListSimilarItems`,
    kind: 'unary',
    requests: () => [{ itemId: 'apple', pageSize: 1 }],
    check: ([answer]) => assertItems(answer),
  },
  {
    method: `${recommendation}/ListTrendingItems`,
    kind: 'unary',
    requests: () => [{ pageSize: 2 }],
    check: ([answer]) => assertItems(answer),
  },
  {
    method: `${recommendation}/Rescore`,
    kind: 'unary',
    requests: () => [{ placement: 'home', recentItemIds: ['apple'], itemIds: ['cheese', 'bread'] }],
    check: ([answer]) => assertItems(answer),
  },
  {
    method: `${recommendation}/GetProfile`,
    kind: 'unary',
    requests: () => [{ visitorId: 'nobody' }],
    check: ([{ sequence }]) => assert.ok(Number(sequence) >= 5),
  },
  {
    method: `${recommendation}/GetStateStatus`,
    kind: 'unary',
    requests: () => [{}],
    check: ([{ digest, events }]) => {
      assert.match(digest, /^[0-9a-f]{64}$/);
      assert.ok(Number(events) >= 5);
    },
  },
];

/** What every port tells of itself beside them. */
export const standardServices = [
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
] as const;

export const ownServices = [ingest, recommendation] as const;

function assertItems({ items, sequence }: Answer): void {
  assert.ok(items.length > 0);
  for (const { itemId, strategy } of items) assert.ok(itemId !== '' && strategy !== '');
  assert.ok(Number(sequence) >= 5);
}

/** The JSON texts that stand one after another in what a program wrote. */
export function readMessages(output: string): Answer[] {
  const messages: Answer[] = [];
  let [depth, start, inText] = [0, 0, false];
  for (let at = 0; at < output.length; at++) {
    const char = output[at];
    if (inText && char === '\\') at += 1;
    else if (char === '"') inText = !inText;
    else if (!inText && char === '{' && depth++ === 0) start = at;
    else if (!inText && char === '}' && --depth === 0) messages.push(JSON.parse(output.slice(start, at + 1)));
  }
  return messages;
}
