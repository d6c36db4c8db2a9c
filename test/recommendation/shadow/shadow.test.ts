import assert from 'node:assert/strict';
import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { timestampOf } from '../../../src/events/timestamp.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { anyJournal } from '../fold/any-event.ts';
import { event } from '../fold/events.ts';
import { journalFolderOf, makeFolder, type OpenShadow, openShadow, removeFolder } from './shadow-fixture.ts';

const signal = new AbortController().signal;
const journalOf = (seed: number, runs: number) => fc.sample(anyJournal, { seed, numRuns: runs }).flat();

describe('as_of', () => {
  let folder: string;
  let open: OpenShadow;
  before(async () => {
    folder = await makeFolder();
    open = await openShadow(folder, { maxPending: 3 });
  });
  after(async () => {
    await open.close();
    await removeFolder(folder);
  });

  /** What each read answers, without what is new each time. */
  async function answers(asOf?: { moment: { case: 'sequence'; value: bigint } }) {
    const { client } = open;
    const at = asOf === undefined ? {} : { asOf };
    const who = { userId: 'ann' };
    const { recommendationId: _, ...recommended } = await client.recommend({
      placement: 'home',
      ...who,
      explain: true,
      ...at,
    });
    const itemIds = ['apple', 'ham', 'unknown'];
    return {
      recommended,
      similar: await client.listSimilarItems({ itemId: 'bread', ...at }),
      trending: await client.listTrendingItems({ pageSize: 3, ...at }),
      rescored: await client.rescore({ itemIds, placement: 'home', ...who, ...at }),
      profile: await client.getProfile({ ...who, ...at }),
      status: await client.getStateStatus(at),
    };
  }

  it('answers each read as it was answered live at that sequence, forwards and backwards', async () => {
    const recorded = new Map<bigint, Awaited<ReturnType<typeof answers>>>();
    for (const events of [journalOf(1, 4), journalOf(2, 2), journalOf(3, 3)]) {
      recorded.set(BigInt(await open.append(events)), await answers());
    }
    const moments = [...recorded.keys()];
    for (const sequence of [...moments, ...moments.toReversed()]) {
      assert.deepEqual(await answers({ moment: { case: 'sequence', value: sequence } }), recorded.get(sequence));
    }
  });

  it('a time is the journal\u2019s: the last record that it had taken by then', async () => {
    const { client } = open;
    const first = await client.getStateStatus({});
    const between = timestampFromMs(Date.now());
    await new Promise((resolve) => setTimeout(resolve, 5));
    await open.append([event('itemViewed', { itemId: 'later' }, { visitor: 'v' })]);
    const past = await client.getStateStatus({ asOf: { moment: { case: 'time', value: between } } });
    assert.deepEqual([past.sequence, past.digest], [first.sequence, first.digest]);
    const now = timestampOf(Date.now() * 1_000);
    const present = await client.getStateStatus({ asOf: { moment: { case: 'time', value: now } } });
    assert.equal(present.sequence, first.sequence + 1n);
    const never = { moment: { case: 'time' as const, value: timestampOf(0) } };
    assert.equal((await client.getStateStatus({ asOf: never })).sequence, 0n);
  });

  it('has no answer from the future', async () => {
    const beyond = { moment: { case: 'sequence' as const, value: 1_000_000n } };
    await assert.rejects(open.client.getStateStatus({ asOf: beyond }), {
      reason: 'SEQUENCE_UNAVAILABLE',
      message: /ends at sequence/,
    });
    const tomorrow = { moment: { case: 'time' as const, value: timestampFromMs(Date.now() + 86_400_000) } };
    await assert.rejects(open.client.recommend({ placement: 'home', asOf: tomorrow }), {
      reason: 'SEQUENCE_UNAVAILABLE',
    });
  });

  it('fails like the method itself, in the past too', async () => {
    const asOf = { moment: { case: 'sequence' as const, value: 1n } };
    await assert.rejects(open.client.recommend({ placement: 'none', asOf }), {
      reason: 'UNKNOWN_PLACEMENT',
      message: /home/,
    });
  });

  it('refuses what does not fit into its queue, and says when to come back', async () => {
    const asOf = { moment: { case: 'sequence' as const, value: 1n } };
    const asked = await Promise.allSettled(Array.from({ length: 6 }, () => open.client.getStateStatus({ asOf })));
    const refused = asked.filter((one) => one.status === 'rejected');
    assert.equal(refused.length, 3);
    for (const { reason } of refused) {
      assert.equal(reason.reason, 'OVERLOADED');
      assert.ok(reason.retryAfterMillis > 0);
    }
  });

  it('answers on a stream', async () => {
    async function* ask() {
      yield {
        requestId: 'past',
        placement: 'home',
        userId: 'ann',
        asOf: { moment: { case: 'sequence' as const, value: 20n } },
      };
      yield {
        requestId: 'future',
        placement: 'home',
        asOf: { moment: { case: 'sequence' as const, value: 1_000_000n } },
      };
    }
    const sequences = new Map<string, bigint | number | undefined>();
    for await (const { requestId, outcome } of open.client.recommendStream(ask())) {
      sequences.set(requestId, outcome.case === 'result' ? outcome.value.sequence : outcome.value?.code);
    }
    assert.deepEqual([sequences.get('past'), sequences.get('future')], [20n, 11]);
  });
});

describe('snapshots', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => removeFolder(folder));

  const digestIn = ({ feed }: OpenShadow) => digestOf(feed.state.tenant('')!);

  /** Writes a snapshot after each part, and answers the digest at the end. */
  async function writeSnapshots(parts: number): Promise<string> {
    const open = await openShadow(folder);
    for (let part = 0; part < parts; part++) {
      await open.append(journalOf(part, 3));
      await open.shadow.snapshot(signal);
    }
    await open.append(journalOf(99, 2));
    const digest = digestIn(open);
    await open.close();
    return digest;
  }

  const names = async () => (await readdir(join(folder, 'snapshots'))).sort();

  it('the newest two stay, and a start goes on from the newest: the digest is the live one', async () => {
    const digest = await writeSnapshots(3);
    const files = await names();
    assert.equal(files.length, 2);
    const open = await openShadow(folder);
    assert.equal(open.restored?.name, files[1]);
    assert.equal(digestIn(open), digest);
    assert.ok(open.feed.status().replayedRecords < open.feed.state.sequence);
    assert.equal(
      await open.shadow.digest(open.feed.state.sequence, { tenant: '', signal, deadlineMillis: Infinity }),
      digest,
    );
    await open.close();
  });

  it('a byte that is not as it was is found: the one before is used, else the journal', async () => {
    const digest = await writeSnapshots(2);
    const files = await names();
    for (let damaged = 1; damaged <= 2; damaged++) {
      const path = join(folder, 'snapshots', files.at(-damaged)!);
      const bytes = await readFile(path);
      bytes[Math.floor(bytes.length / 2)]! ^= 1;
      await writeFile(path, bytes);
      const open = await openShadow(folder);
      assert.equal(open.restored?.name, files.at(-damaged - 1));
      assert.deepEqual(open.unusable, files.slice(-damaged).toReversed());
      assert.equal(digestIn(open), digest);
      await open.close();
    }
  });

  it('under other settings, or of a journal that ended earlier, none is used', async () => {
    await writeSnapshots(2);
    const open = await openShadow(folder, { settings: { postingLength: 7 } });
    assert.equal(open.restored, undefined);
    assert.equal(open.unusable.length, 2);
    await open.close();
    await removeFolder(join(folder, 'journal'));
    const empty = await openShadow(folder);
    assert.equal(empty.restored, undefined);
    assert.equal(empty.feed.state.sequence, 0);
    await empty.close();
  });

  it('of a journal that lost its end and gave its sequences away again, none is used', async () => {
    const first = await openShadow(folder);
    await first.append(journalOf(1, 3));
    await first.close();
    const [journal, copy] = [journalFolderOf(folder), join(folder, 'copy')];
    await cp(journal, copy, { recursive: true });
    const lost = await openShadow(folder);
    await lost.append(journalOf(2, 3));
    const saved = await lost.shadow.snapshot(signal);
    await lost.close();
    await removeFolder(journal);
    await rename(copy, journal);
    const other = await openShadow(folder);
    assert.deepEqual(other.unusable, [saved?.name]);
    await other.append(journalOf(3, 8));
    assert.ok(other.feed.state.sequence > saved!.sequence);
    const digest = digestIn(other);
    await other.close();
    const open = await openShadow(folder);
    assert.deepEqual(open.unusable, [saved?.name]);
    assert.equal(digestIn(open), digest);
    await open.close();
  });

  it('of an older generation none is used: it may hold what was erased', async () => {
    await writeSnapshots(2);
    const before = await openShadow(folder);
    await before.journal.rewrite({ erase: ({ sequence }) => sequence === 5 });
    await before.close();
    const open = await openShadow(folder);
    assert.equal(open.restored, undefined);
    const saved = await open.shadow.snapshot(signal);
    assert.deepEqual(await names(), [saved?.name]);
    assert.equal(saved?.removed.length, 2);
    await open.close();
  });

  it('a journal without its first records needs one: a start without says what to do', async () => {
    const open = await openShadow(folder, { segmentBytes: 8_192 });
    for (let round = 0; round < 12; round++) {
      await open.append(journalOf(round, 8));
      if (round % 4 === 3) await open.shadow.snapshot(signal);
    }
    const covered = await open.shadow.coveredThrough(2, signal);
    assert.ok(covered > 0 && covered < open.feed.state.sequence);
    const { segments } = await open.journal.dropBefore(covered);
    assert.ok(segments > 0);
    const digest = digestIn(open);
    const asOf = { moment: { case: 'sequence' as const, value: 3n } };
    await assert.rejects(open.client.getStateStatus({ asOf }), {
      reason: 'SEQUENCE_UNAVAILABLE',
      message: /no snapshot holds/,
    });
    const later = { moment: { case: 'sequence' as const, value: BigInt(covered + 1) } };
    assert.equal((await open.client.getStateStatus({ asOf: later })).sequence, BigInt(covered + 1));
    await open.close();
    const again = await openShadow(folder);
    assert.equal(digestIn(again), digest);
    assert.ok(again.journal.status().firstSequence > 1);
    await again.close();
    await removeFolder(join(folder, 'snapshots'));
    await assert.rejects(openShadow(folder), { reason: 'STATE_UNAVAILABLE', message: /begins at sequence \d+/ });
  });
});
