import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import type { FollowAnswer } from '../../../src/journal/follower/answer.ts';
import { createFollower, type FollowerOptions } from '../../../src/journal/follower/follower.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import type { JournalRecord } from '../../../src/journal/record.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { type OpenJournal, openTemporaryJournal } from '../../recommendation/journal-fixture.ts';
import { startProxy } from '../../servers/tcp-proxy.ts';
import { serveJournal } from './served-journal.ts';

let open: OpenJournal;
beforeEach(async () => {
  open = await openTemporaryJournal();
});
afterEach(() => open.close());

const bytesOf = (count: number) => Array.from({ length: count }, (_, at) => Uint8Array.of(at, 1, 2));
const start = { afterSequence: 0, journalId: '' };
const backoff = { firstMillis: 5, longestMillis: 20 };

function followerAt(address: string, options: Partial<FollowerOptions> = {}) {
  return createFollower({ address, log: silentLog, backoff, ...options });
}

/** Takes answers until one is through a sequence, which ends the following. */
async function through(
  t: TestContext,
  address: string,
  sequence: number,
  onAnswer: (answer: FollowAnswer) => unknown = () => undefined,
) {
  const seen: number[] = [];
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  for await (const answer of followerAt(address).follow(start, stopping.signal)) {
    seen.push(...answer.block.sequences);
    await onAnswer(answer);
    if (answer.throughSequence >= sequence) break;
  }
  return seen;
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

describe('a follower', () => {
  it('gets every record of every tenant with what the journal knows of it, as the bytes that they are', async (t) => {
    const { grpc } = await serveJournal(t, open.journal);
    const one = { tenant: 'one', trace: new Uint8Array(0), events: bytesOf(2) };
    await open.journal.append(one).durable;
    await open.appendBytes(...bytesOf(1));
    const records: JournalRecord[] = [];
    await through(t, grpc, 3, (answer) => records.push(...answer.block.records()));
    const own = (await Array.fromAsync(open.journal.read(start))).flat();
    assert.deepEqual(
      records.map(({ event, ...rest }) => ({ ...rest, event: [...event] })),
      own.map(({ event, ...rest }) => ({ ...rest, event: [...event] })),
    );
  });

  it('is told at once which journal it is, how long, and of which generation', async (t) => {
    const { grpc } = await serveJournal(t, open.journal, { heartbeatMillis: 60_000 });
    await open.appendBytes(...bytesOf(7));
    const stopping = new AbortController();
    const answers = followerAt(grpc).follow(start, stopping.signal);
    const { value } = await answers.next();
    const { journalId } = open.journal.status();
    const { block, ...rest } = value!;
    assert.equal(block.length, 0);
    assert.deepEqual(rest, { throughSequence: 0, lastSequence: 7, journalId, generation: 1, masked: [] });
    await answers.return();
  });

  it('goes on where it was when the connection breaks, again and again', async (t) => {
    const { grpc } = await serveJournal(t, open.journal);
    const proxy = await startProxy(t, grpc);
    await open.appendBytes(...bytesOf(3));
    let cuts = 0;
    const seen = await through(t, proxy.address, 33, async ({ block }) => {
      if (block.length === 0 || ++cuts > 10) return;
      proxy.cut();
      await open.appendBytes(...bytesOf(3));
    });
    assert.deepEqual(seen, upTo(33));
    assert.ok(proxy.connections > 10, `${proxy.connections} connections`);
  });

  it('waits for an owner that is away', async (t) => {
    const { grpc } = await serveJournal(t, open.journal);
    const proxy = await startProxy(t, grpc);
    proxy.isOpen = false;
    setTimeout(() => {
      proxy.isOpen = true;
    }, 100);
    await open.appendBytes(...bytesOf(3));
    assert.deepEqual(await through(t, proxy.address, 3), [1, 2, 3]);
  });

  it('gives a connection up on which nothing is heard', async (t) => {
    const { grpc } = await serveJournal(t, open.journal, { heartbeatMillis: 10 });
    const proxy = await startProxy(t, grpc);
    await open.appendBytes(...bytesOf(1));
    const stopping = new AbortController();
    t.after(() => stopping.abort());
    let isSilent = false;
    for await (const { throughSequence } of followerAt(proxy.address, { silenceMillis: 200 }).follow(
      start,
      stopping.signal,
    )) {
      if (throughSequence === 2) break;
      if (isSilent || throughSequence === 0) continue;
      isSilent = true;
      proxy.silence();
      await open.appendBytes(...bytesOf(1));
    }
    assert.equal(proxy.connections, 2);
  });

  it('ends when it is told to, also while it waits', async (t) => {
    const mute = createServer((socket) => t.after(() => socket.destroy())).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    t.after(() => mute.close());
    const stopping = new AbortController();
    const follower = followerAt(`127.0.0.1:${(mute.address() as AddressInfo).port}`);
    const answers = follower.follow(start, stopping.signal);
    const waiting = answers.next();
    stopping.abort();
    assert.equal((await waiting).done, true);
  });

  it('reads no faster than its answers are taken', async (t) => {
    let given = 0;
    const journal: Journal = {
      ...open.journal,
      async *follow(options) {
        for await (const batch of open.journal.follow(options)) {
          given += batch.records.length;
          yield batch;
        }
      },
    };
    const { grpc } = await serveJournal(t, journal);
    const megabyte = new Uint8Array(1_000_000);
    for (let at = 0; at < 60; at++) await open.appendBytes(megabyte);
    const stopping = new AbortController();
    t.after(() => stopping.abort());
    const answers = followerAt(grpc).follow(start, stopping.signal);
    await answers.next();
    for (let before = -1; before !== given; ) {
      before = given;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(given < 45, `${given} of 60 MB went out, and one message was taken`);
  });
});

describe('a follower stops for good', () => {
  const following = (address: string, place = start) =>
    followerAt(address).follow(place, AbortSignal.timeout(3_000)).next();

  it('at another journal than the one it knows', async (t) => {
    const { grpc } = await serveJournal(t, open.journal);
    await assert.rejects(following(grpc, { afterSequence: 0, journalId: 'f'.repeat(16) }), {
      reason: 'JOURNAL_CHANGED',
      message: new RegExp(`cannot follow ${grpc}.*empty data folder`),
    });
  });

  it('where what it needs was dropped', async (t) => {
    const { grpc } = await serveJournal(t, open.journal);
    await assert.rejects(following(grpc, { afterSequence: 9, journalId: '' }), {
      reason: 'SEQUENCE_UNAVAILABLE',
      message: /snapshot, copied from the owner/,
    });
  });

  it('where followers are not allowed', async (t) => {
    const { grpc } = await serveJournal(t, open.journal, { allowFollowers: false });
    await assert.rejects(following(grpc), { reason: 'FOLLOWERS_DENIED', message: /role ingest that allows followers/ });
  });
});
