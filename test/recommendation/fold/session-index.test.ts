import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SessionIndex } from '../../../src/recommendation/fold/session-index.ts';
import { defaultFoldSettings } from '../../../src/recommendation/fold/settings.ts';

const gap = defaultFoldSettings.sessionGapMicros;
const minute = 60_000_000;

/** Serenade's lists, in the plainest way. */
function naive(visits: readonly (readonly [number, number])[], postingLength: number, itemsPerSession: number) {
  const items = new Map<number, number[]>();
  const postings = new Map<number, number[]>();
  const holders = new Map<number, Set<number>>();
  for (const [session, item] of visits) {
    const list = [...(items.get(session) ?? []), item];
    const dropped = list.length > itemsPerSession ? list.shift() : undefined;
    items.set(session, list);
    const others = (postings.get(item) ?? []).filter((one) => one !== session);
    postings.set(item, [session, ...others].slice(0, postingLength));
    holders.set(item, (holders.get(item) ?? new Set()).add(session));
    if (dropped !== undefined && !list.includes(dropped)) {
      postings.set(
        dropped,
        (postings.get(dropped) ?? []).filter((one) => one !== session),
      );
      holders.get(dropped)?.delete(session);
    }
  }
  return { items, postings, holders };
}

function postings(index: SessionIndex, item: number): number[] {
  const into = new Int32Array(100);
  return Array.from(into.subarray(0, index.copyPostings(item, into)));
}

describe('SessionIndex', () => {
  it('holds what a naive index holds, visit by visit', () => {
    const visit = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 7 }));
    fc.assert(
      fc.property(
        fc.array(visit, { maxLength: 150 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 2, max: 6 }),
        (visits, postingLength, itemsPerSession) => {
          const index = new SessionIndex({ ...defaultFoldSettings, postingLength, itemsPerSession });
          for (let session = 0; session <= 12; session++)
            index.enter(-1, index.keyNumber(`s${session}`), session, true);
          for (const [session, item] of visits) index.visit(session, item);
          const expected = naive(visits, postingLength, itemsPerSession);
          for (let session = 0; session <= 12; session++) {
            assert.deepEqual([...index.itemsOf(session)], expected.items.get(session) ?? []);
          }
          for (let item = 0; item <= 7; item++) {
            assert.deepEqual(postings(index, item), expected.postings.get(item) ?? []);
            assert.equal(index.sessionsWith(item), expected.holders.get(item)?.size ?? 0);
          }
        },
      ),
    );
  });

  it('forgets the sessions that began first, beyond its bound, as if they had never been', () => {
    const visit = fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 7 }));
    const settings = { ...defaultFoldSettings, itemsPerSession: 4 };
    fc.assert(
      fc.property(fc.array(visit, { maxLength: 300 }), fc.integer({ min: 1, max: 150 }), (visits, maxSessions) => {
        const index = new SessionIndex({ ...settings, maxSessions });
        const unbounded = new SessionIndex(settings);
        const begun: string[] = [];
        for (const [key, item] of visits) {
          const numbered = begun.slice(-maxSessions).indexOf(`s${key}`);
          if (numbered === -1) begun.push(`s${key}`);
          const session = index.enter(3, index.keyNumber(`s${key}`), key, true);
          assert.equal(session, numbered === -1 ? begun.length - 1 : index.first + numbered);
          index.visit(session, item);
        }
        // The same visits of those sessions alone, under the numbers they have.
        const first = Math.max(0, begun.length - maxSessions);
        assert.equal(index.first, first);
        assert.equal(index.size, begun.length);
        const numbers = new Map<string, number>();
        let last = 0;
        for (const [key, item] of visits) {
          const known = numbers.get(`s${key}`) ?? -1;
          const isNew = known === -1 || known < last - maxSessions;
          const session = isNew ? last++ : known;
          numbers.set(`s${key}`, session);
          if (session < first) continue;
          const own = unbounded.enter(-1, unbounded.keyNumber(`n${session}`), key, true);
          unbounded.visit(own, item);
        }
        for (let item = 0; item <= 7; item++) {
          const expected = postings(unbounded, item).map((own) => Number(unbounded.keyOf(own)!.slice(1)));
          assert.deepEqual(postings(index, item), expected);
          assert.equal(index.sessionsWith(item), unbounded.sessionsWith(item));
        }
        for (let session = first; session < index.size; session++) {
          assert.equal(index.keyOf(session), begun[session]);
          assert.equal(index.numberOf(begun[session]!), session);
        }
      }),
    );
  });

  it('forgets with a session that it was somebody\u2019s latest', () => {
    const index = new SessionIndex({ ...defaultFoldSettings, maxSessions: 2 });
    index.enter(7, -1, 0, true);
    index.enter(8, -1, 0, true);
    assert.equal(index.latestOf(7), 0);
    index.enter(9, -1, 0, true);
    assert.equal(index.latestOf(7), undefined);
    assert.deepEqual(index.slotsOf(7), [-1, -1, -1]);
    assert.equal(index.enter(7, -1, 1, false), -1);
    assert.equal(index.enter(7, -1, 1, true), 3);
  });

  it('keeps long lists whole when their blocks grow', () => {
    const index = new SessionIndex(defaultFoldSettings);
    for (let n = 0; n < 3_000; n++) index.visit(index.enter(-1, index.keyNumber(`s${n}`), n, true), n % 3);
    const into = new Int32Array(1_000);
    assert.equal(index.copyPostings(0, into), 500);
    assert.deepEqual(Array.from(into.subarray(0, 3)), [2_997, 2_994, 2_991]);
    assert.equal(into[499], 2_997 - 499 * 3);
    assert.equal(index.sessionsWith(0), 1_000);
  });

  it('copies the newest items first and as many as there is room for', () => {
    const index = new SessionIndex(defaultFoldSettings);
    const session = index.enter(-1, index.keyNumber('s'), 0, true);
    for (const item of [4, 5, 6]) index.visit(session, item);
    const into = new Int32Array(2);
    assert.equal(index.copyItems(session, into), 2);
    assert.deepEqual([...into], [6, 5]);
    assert.equal(index.newestItem(session), 6);
  });

  it('ends a visit without an id after the gap', () => {
    const index = new SessionIndex(defaultFoldSettings);
    const first = index.enter(7, -1, 0, true);
    assert.equal(index.enter(7, -1, gap - 1, true), first);
    const second = index.enter(7, -1, 2 * gap, true);
    assert.notEqual(second, first);
    assert.equal(index.latestOf(7), second);
    assert.equal(index.latestOf(8), undefined);
  });

  it('puts late events into the visit they belong to, or into one of their own', () => {
    const index = new SessionIndex(defaultFoldSettings);
    const now = index.enter(7, -1, 100 * gap, true);
    const late = index.enter(7, -1, 10 * gap, true);
    assert.notEqual(late, now);
    assert.equal(index.enter(7, -1, 10 * gap + minute, true), late);
    assert.equal(index.enter(7, -1, 100 * gap + minute, true), now);
    assert.equal(index.enter(7, -1, 100 * gap - minute, true), now);
    assert.equal(index.latestOf(7), now);
    assert.equal(index.lastTimeMicros(now), 100 * gap + minute);
    assert.equal(index.firstTimeMicros(now), 100 * gap - minute);
  });

  it('has no session for nobody, and none that begins without a visit', () => {
    const index = new SessionIndex(defaultFoldSettings);
    assert.equal(index.enter(-1, -1, 0, true), -1);
    assert.equal(index.enter(7, index.keyNumber('s'), 0, false), -1);
    assert.equal(index.size, 0);
    assert.equal(index.numberOf('s'), undefined);
    assert.deepEqual([...index.itemsOf(0)], []);
  });
});
