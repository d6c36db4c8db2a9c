import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { MaskedUsers } from '../../../src/ingest/masked-users.ts';
import { createFollower } from '../../../src/journal/follower/follower.ts';
import { hasMasked, isMasked } from '../../../src/recommendation/erasure/masks.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { FollowingFeed, type FollowingFeedOptions } from '../../../src/recommendation/following/following-feed.ts';
import type { StateFeed } from '../../../src/recommendation/state-feed.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { serveJournal } from '../../journal/follower/served-journal.ts';
import { until } from '../../rpc/running-server.ts';
import { startProxy } from '../../servers/tcp-proxy.ts';
import { feedOf, type OpenJournal, openTemporaryJournal } from '../journal-fixture.ts';
import { freshState, viewed, viewedBy } from '../tenant-fixture.ts';

let open: OpenJournal;
beforeEach(async () => {
  open = await openTemporaryJournal();
});
afterEach(() => open.close());

const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => viewed(`s${(from + at) % 50}`, `i${(from + at) % 37}`)[0]!);

function feedAt(t: TestContext, address: string, options: Partial<FollowingFeedOptions> = {}): FollowingFeed {
  const backoff = { firstMillis: 5, longestMillis: 20 };
  const feed = new FollowingFeed({
    follower: createFollower({ address, log: silentLog, backoff }),
    createState: freshState,
    maxLagEvents: 10,
    maxLagMillis: 1_000,
    log: silentLog,
    ...options,
  });
  t.after(() => feed.stop());
  return feed;
}

function digests({ state }: StateFeed): readonly string[] {
  return state
    .tenantNames()
    .toSorted()
    .map((name) => `${name} ${digestOf(state.tenant(name)!)}`);
}

/** What the owner of the journal itself comes to. */
async function replayed(): Promise<readonly string[]> {
  const feed = feedOf(open);
  await feed.start();
  await feed.stop();
  return digests(feed);
}

describe('a feed that follows', () => {
  it('has caught up when it starts, and comes to the same state as the owner', async (t) => {
    await open.append(many(500));
    await open.append(many(50), 'two');
    const { grpc } = await serveJournal(t, open.journal);
    const feed = feedAt(t, grpc);
    await feed.start();
    assert.ok(feed.state.sequence >= 540, `${feed.state.sequence}`);
    await feed.reached(await open.append(many(200, 500)));
    assert.deepEqual(digests(feed), await replayed());
    const { lag, following, failure } = feed.status();
    assert.deepEqual([lag, failure], [0, undefined]);
    const { journalId } = open.journal.status();
    assert.partialDeepStrictEqual(following, {
      address: grpc,
      journalId,
      generation: 1,
      lastSequence: 750,
      isCurrent: true,
    });
  });

  it('loses nothing and takes nothing twice when its connection is cut all the time', async (t) => {
    const { grpc } = await serveJournal(t, open.journal);
    const proxy = await startProxy(t, grpc);
    const feed = feedAt(t, proxy.address, { sliceMillis: 0 });
    await feed.start();
    for (let round = 0; round < 10; round++) {
      const last = await open.append(many(100, round));
      proxy.cut();
      await feed.reached(last - 50);
    }
    await feed.reached(1_000);
    assert.deepEqual(digests(feed), await replayed());
    assert.equal(feed.status().records, 1_000);
  });

  it('is not current while its owner is away, answers as it is, and catches up', async (t) => {
    const { grpc } = await serveJournal(t, open.journal);
    const proxy = await startProxy(t, grpc);
    const feed = feedAt(t, proxy.address, { maxLagMillis: 100 });
    await feed.start();
    await feed.reached(await open.append(many(5)));
    proxy.isOpen = false;
    proxy.cut();
    await until(() => !feed.isCurrent());
    const last = await open.append(many(5));
    assert.equal(feed.state.sequence, 5);
    await assert.rejects(feed.reached(last, undefined, Date.now() + 5), { reason: 'STATE_BEHIND' });
    proxy.isOpen = true;
    await feed.reached(last);
    await until(() => feed.isCurrent());
  });

  it('folds anew what was erased, while it goes on answering from what it has', async (t) => {
    await open.append([...viewedBy('anna', 'a', 'b'), ...viewedBy('bert', 'c', 'a')]);
    await open.append(many(200));
    const { grpc } = await serveJournal(t, open.journal);
    const feed = feedAt(t, grpc);
    await feed.start();
    await feed.reached(204);
    const before = feed.state;
    await open.journal.rewrite({ erase: ({ sequence }) => sequence <= 2 });
    await until(() => feed.state !== before);
    assert.equal(feed.status().generation, 2);
    assert.equal(feed.state.tenant('')?.people.numberOf({ userId: 'anna' }), undefined);
    assert.notEqual(feed.state.tenant('')?.people.numberOf({ userId: 'bert' }), undefined);
    await feed.reached(await open.append(many(10)));
    assert.deepEqual(digests(feed), await replayed());
  });

  it('masks whoever is being erased, from when the owner says so until they are gone', async (t) => {
    const masked = new MaskedUsers();
    const { grpc } = await serveJournal(t, open.journal, { masked });
    const feed = feedAt(t, grpc);
    await feed.start();
    await feed.reached(await open.append([...viewedBy('anna', 'a'), ...viewedBy('bert', 'b')]));
    const isShown = (userId: string) => {
      const tenant = feed.state.tenant('')!;
      const person = tenant.people.numberOf({ userId });
      return person !== undefined && !isMasked(tenant, person);
    };
    assert.deepEqual([isShown('anna'), isShown('bert')], [true, true]);
    masked.add({ tenant: '', userId: 'anna' });
    await until(() => !isShown('anna'));
    assert.equal(isShown('bert'), true);
    const late = feedAt(t, grpc);
    await late.start();
    await late.reached(2);
    await until(() => hasMasked(late.state.tenant('')));
    await open.journal.rewrite({ erase: ({ sequence }) => sequence === 1 });
    await until(() => feed.status().generation === 2);
    assert.deepEqual([isShown('anna'), isShown('bert')], [false, true]);
  });

  it('of a journal that is erased in while it is read comes to the erased state all the same', async (t) => {
    for (let round = 0; round < 20; round++) await open.append([...viewedBy('anna', 'a'), ...many(50, round)]);
    const { grpc } = await serveJournal(t, open.journal);
    const feed = feedAt(t, grpc, { sliceMillis: 0 });
    const started = feed.start();
    const annas = new Set<number>();
    for (let round = 0; round < 20; round++) annas.add(round * 51 + 1);
    const appended = open.append(many(300));
    await open.journal.rewrite({ erase: ({ sequence }) => annas.has(sequence) });
    await Promise.all([started, appended]);
    await until(() => feed.status().generation === 2);
    await feed.reached(await open.append(many(10)));
    assert.deepEqual(digests(feed), await replayed());
    assert.equal(feed.state.tenant('')?.people.numberOf({ userId: 'anna' }), undefined);
  });

  it('comes to the erased state when the journal is erased in again and again', async (t) => {
    const { grpc } = await serveJournal(t, open.journal);
    const feed = feedAt(t, grpc, { sliceMillis: 0 });
    await open.append(many(3_000));
    await feed.start();
    for (let round = 1; round <= 5; round++) {
      const rewritten = open.journal.rewrite({ erase: ({ sequence }) => sequence === round * 100 });
      await open.append(many(100, round));
      await rewritten;
    }
    const { generation } = open.journal.status();
    await until(() => feed.status().generation === generation, 5_000);
    await feed.reached(await open.append(many(10)));
    assert.deepEqual(digests(feed), await replayed());
  });

  it('stops with a clear error when another journal takes the place of its own', async (t) => {
    const other = await openTemporaryJournal();
    t.after(() => other.close());
    const [own, foreign] = await Promise.all([serveJournal(t, open.journal), serveJournal(t, other.journal)]);
    const proxy = await startProxy(t, own.grpc);
    await open.append(many(5));
    const failures: string[] = [];
    const feed = feedAt(t, proxy.address, { onFailure: ({ reason }) => failures.push(reason) });
    await feed.start();
    proxy.target = foreign.grpc;
    proxy.cut();
    await until(() => failures.length > 0);
    assert.deepEqual(failures, ['JOURNAL_CHANGED']);
    assert.equal(feed.isCurrent(), false);
    assert.equal(feed.status().failure?.reason, 'JOURNAL_CHANGED');
    await assert.rejects(feed.reached(99), { reason: 'JOURNAL_CHANGED' });
  });

  it('does not start where it may not follow, and gives up starting when the process is to stop', async (t) => {
    const denying = await serveJournal(t, open.journal, { allowFollowers: false });
    await assert.rejects(feedAt(t, denying.grpc).start(), { reason: 'FOLLOWERS_DENIED' });
    const stopping = new AbortController();
    const starting = feedAt(t, '127.0.0.1:1').start(stopping.signal);
    stopping.abort();
    await starting;
  });

  it('passes over bytes that are no event, and stops at an event of a type that it does not know', async (t) => {
    await open.appendBytes(Uint8Array.of(255, 255));
    await open.append(many(1));
    const { grpc } = await serveJournal(t, open.journal);
    const feed = feedAt(t, grpc);
    await feed.start();
    await feed.reached(2);
    assert.equal(feed.status().unreadable, 1);
    // Field 9,999, a message of no bytes.
    await open.appendBytes(Uint8Array.of(0xfa, 0xf0, 0x04, 0x00));
    await until(() => feed.status().failure !== undefined);
    assert.equal(feed.status().failure?.reason, 'JOURNAL_FORMAT');
  });
});
