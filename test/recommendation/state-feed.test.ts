import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { packEvents } from '../../src/events/event-ranges.ts';
import type { DurableBatch } from '../../src/journal/journal.ts';
import { digestOf } from '../../src/recommendation/fold/digest.ts';
import { type FeedJournal, JournalFeed } from '../../src/recommendation/state-feed.ts';
import { silentLog } from '../../src/rpc/log.ts';
import { feedOf, type OpenJournal, openTemporaryJournal } from './journal-fixture.ts';
import { eventOf, freshState, viewed } from './tenant-fixture.ts';

let open: OpenJournal;
beforeEach(async () => {
  open = await openTemporaryJournal();
});
afterEach(() => open.close());

const many = (count: number) => Array.from({ length: count }, (_, at) => viewed(`s${at % 50}`, `i${at % 37}`)[0]!);

describe('a feed', () => {
  it('replays what is there, then follows: live is the same as replayed', async () => {
    await open.append(many(300));
    const live = feedOf(open);
    await live.start();
    assert.equal(live.state.sequence, 300);
    assert.equal(live.status().replayedRecords, 300);
    const last = await open.append(many(200));
    await live.reached(last);
    const replayed = feedOf(open);
    await replayed.start();
    assert.equal(replayed.state.sequence, 500);
    assert.equal(live.status().lag, 0);
    assert.equal(digestOf(live.state.tenant('')!), digestOf(replayed.state.tenant('')!));
    await Promise.all([live.stop(), replayed.stop()]);
  });

  it('has folded a small batch when the journal says that it is durable', async () => {
    const feed = feedOf(open);
    await feed.start();
    const last = await open.append(many(10));
    assert.equal(feed.state.sequence, last);
    await feed.stop();
  });

  it('reads from the journal what did not fit into its queue, and loses nothing', async () => {
    const feed = feedOf(open, { maxQueuedEvents: 20, sliceMillis: 0 });
    await feed.start();
    const appends = Array.from({ length: 30 }, (_, at) => open.append(many(at + 1)));
    const last = Math.max(...(await Promise.all(appends)));
    await feed.reached(last);
    assert.equal(feed.state.tenant('')?.events, 465);
    assert.equal(feed.status().records, 465);
    await feed.stop();
  });

  it('keeps tenants apart', async () => {
    const feed = feedOf(open);
    await feed.start();
    await open.append(many(3), 'one');
    await feed.reached(await open.append(many(5), 'two'));
    assert.deepEqual([feed.state.tenant('one')?.events, feed.state.tenant('two')?.events], [3, 5]);
    assert.equal(feed.state.tenant('three'), undefined);
    await feed.stop();
  });

  it('counts and passes over bytes that are no event', async () => {
    const feed = feedOf(open);
    await feed.start();
    await feed.reached(await open.appendBytes(Uint8Array.of(255, 255)));
    await feed.reached(await open.append(many(1)));
    assert.equal(feed.status().unreadable, 1);
    assert.equal(feed.state.sequence, 2);
    await feed.stop();
  });

  it('stops with a clear error at an event of a type that it does not know', async () => {
    // Field 9,999, a message of no bytes.
    await open.appendBytes(Uint8Array.of(0xfa, 0xf0, 0x04, 0x00));
    const failures: string[] = [];
    const feed = feedOf(open, { onFailure: ({ reason }) => failures.push(reason) });
    await assert.rejects(feed.start(), { reason: 'JOURNAL_FORMAT', message: /record 1 .*type/ });
    assert.deepEqual(failures, ['JOURNAL_FORMAT']);
    await assert.rejects(feed.reached(1), { reason: 'JOURNAL_FORMAT' });
    await feed.stop();
  });

  it('lets waiters go at their deadline, when their caller leaves, and at the end', async () => {
    const feed = feedOf(open);
    await feed.start();
    await assert.rejects(feed.reached(9, undefined, Date.now() + 5), { reason: 'STATE_BEHIND', code: 'UNAVAILABLE' });
    const caller = new AbortController();
    const left = feed.reached(9, caller.signal);
    caller.abort(new Error('gone'));
    await assert.rejects(left, /gone/);
    await assert.rejects(feed.reached(9, caller.signal), /gone/);
    const waiting = feed.reached(9);
    await Promise.all([feed.stop(), assert.rejects(waiting, { reason: 'SHUTTING_DOWN' })]);
    await assert.rejects(feed.reached(9), { reason: 'SHUTTING_DOWN' });
  });

  it('gives way to other work while it replays', async () => {
    await open.append(many(2_000));
    const feed = feedOf(open, { sliceMillis: 0 });
    let turns = 0;
    const started = feed.start();
    const done = started.then(() => true);
    while (!(await Promise.race([done, new Promise((resolve) => setImmediate(resolve, false))]))) turns += 1;
    assert.ok(turns > 20, `${turns} turns`);
    await feed.stop();
  });

  it('folds the decoded events that come with a batch, and decodes itself where they do not fit', async () => {
    let tell: (batches: readonly DurableBatch[]) => void = () => undefined;
    const journal: FeedJournal = {
      readBlocks: open.journal.readBlocks,
      status: () => open.journal.status(),
      onDurable(listener) {
        tell = listener;
        return () => undefined;
      },
    };
    const feed = new JournalFeed({ state: freshState(), journal, log: silentLog });
    await feed.start();
    const events: Event[] = viewed('s', 'a', 'b').map((json) => eventOf(json));
    const head = { tenant: '', trace: new Uint8Array(0), appendedAtMicros: 1 };
    const bytes = [new Uint8Array(0), new Uint8Array(0)];
    tell([{ ...head, firstSequence: 1, lastSequence: 2, events: packEvents(bytes), attachment: events }]);
    assert.equal(feed.state.tenant('')?.catalogue.size, 2);
    tell([{ ...head, firstSequence: 3, lastSequence: 4, events: packEvents(bytes), attachment: [events[0]] }]);
    await new Promise(setImmediate);
    assert.equal(feed.status().failure?.reason, 'JOURNAL_FORMAT');
    await feed.stop();
  });
});
