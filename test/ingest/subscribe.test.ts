import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Subscription, subscribe } from '../../src/ingest/subscribe.ts';
import { decodeAnswer } from '../../src/journal/follower/answer.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';

async function openSmallSegments(t: TestContext): Promise<Journal> {
  const folder = await mkdtemp(join(tmpdir(), 'palate-subscribe-'));
  const journal = await openJournal({ folder, durability: 'os', segmentBytes: 1_000 });
  t.after(async () => {
    await journal.close();
    await rm(folder, { recursive: true });
  });
  for (let at = 0; at < 20; at++) {
    const events = [new Uint8Array(300)];
    await journal.append({ tenant: '', trace: new Uint8Array(0), events }).durable;
  }
  return journal;
}

async function answersOf(journal: Journal, given: Partial<Subscription>) {
  const subscription = { tenant: '', afterSequence: 0, journalId: '', untilEnd: true, heartbeatMillis: 5 };
  const rest = { signal: new AbortController().signal, masked: () => [], ...given };
  return (await Array.fromAsync(subscribe(journal, { ...subscription, ...rest }))).map(decodeAnswer);
}

test('from 0 a tenant gets what is kept, and a follower is refused what it would be wrong without', async (t) => {
  const journal = await openSmallSegments(t);
  await journal.dropBefore(10);
  const { firstSequence } = journal.status();
  assert.ok(firstSequence > 1 && firstSequence <= 10, `${firstSequence}`);
  const answers = await answersOf(journal, {});
  assert.equal(answers[0]!.block.sequence(0), firstSequence);
  assert.equal(answers.at(-1)!.throughSequence, 20);
  await assert.rejects(answersOf(journal, { tenant: undefined }), { reason: 'SEQUENCE_UNAVAILABLE' });
  const rest = await answersOf(journal, { tenant: undefined, afterSequence: firstSequence - 1 });
  assert.equal(rest[0]!.block.sequence(0), firstSequence);
});

test('an answer is of the generation that was settled before its records were read', async (t) => {
  const journal = await openSmallSegments(t);
  const stopping = new AbortController();
  const subscription = { tenant: undefined, untilEnd: false, heartbeatMillis: 5, masked: () => [] };
  const answers = subscribe(journal, { ...subscription, afterSequence: 0, journalId: '', signal: stopping.signal });
  await answers.next();
  const rewritten = journal.rewrite({ erase: ({ sequence }) => sequence === 15 });
  let settled = 0;
  for await (const answer of answers) {
    const { block, generation } = decodeAnswer(answer);
    for (let at = 0; at < block.length; at++) {
      if (block.sequence(at) === 15 && generation === 2) assert.ok(block.isTombstone(at));
    }
    settled = generation;
    if (generation === 2) stopping.abort();
  }
  await rewritten;
  assert.equal(settled, 2);
});

test('who is being erased is told once, and again when it changes', async (t) => {
  const journal = await openSmallSegments(t);
  const [anna, bert] = [
    { tenant: '', userId: 'anna' },
    { tenant: '', userId: 'bert' },
  ];
  let masked = [anna];
  const stopping = new AbortController();
  const subscription = { tenant: undefined, untilEnd: false, heartbeatMillis: 5, masked: () => masked };
  const told: string[][] = [];
  const place = { afterSequence: 20, journalId: '' };
  for await (const answer of subscribe(journal, { ...subscription, ...place, signal: stopping.signal })) {
    told.push(decodeAnswer(answer).masked.map(({ userId }) => userId));
    if (told.length === 2) masked = [anna, bert];
    if (told.length === 4) stopping.abort();
  }
  assert.deepEqual(told, [['anna'], [], ['anna', 'bert'], []]);
});
