import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemoteReader } from '../../../src/journal/follower/remote-reader.ts';
import { openTemporaryJournal } from '../../recommendation/journal-fixture.ts';
import { serveJournal } from './served-journal.ts';

test('reads as the journal itself is read: from end to end, by record and by block, and up to a time', async (t) => {
  const open = await openTemporaryJournal();
  const { grpc } = await serveJournal(t, open.journal);
  const reader = createRemoteReader(grpc);
  t.after(async () => {
    reader.close();
    await open.close();
  });
  assert.equal(await reader.lastUntil({ appendedAtMicros: 5e15 }), 0);
  assert.deepEqual(await Array.fromAsync(reader.read({ afterSequence: 0 })), []);
  for (let round = 0; round < 20; round++) {
    const events = Array.from({ length: 1 + (round % 3) }, (_, at) => Uint8Array.of(round, at));
    await open.journal.append({ tenant: `t${round % 2}`, trace: new Uint8Array(0), events }).durable;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await open.journal.rewrite({ erase: ({ sequence }) => sequence === 7 });
  const plain = (records: readonly object[]) =>
    records.map((record) => ({ ...record, event: [...(record as { event: Uint8Array }).event] }));
  const own = (await Array.fromAsync(open.journal.read({ afterSequence: 3 }))).flat();
  assert.deepEqual(plain((await Array.fromAsync(reader.read({ afterSequence: 3 }))).flat()), plain(own));
  const blocks = await Array.fromAsync(reader.readBlocks({ afterSequence: 3, maxRecords: 5 }));
  assert.ok(blocks.length > 3);
  assert.deepEqual(plain(blocks.flatMap((block) => block.records())), plain(own));

  const { journalId, generation, durableSequence, firstSequence } = open.journal.status();
  assert.partialDeepStrictEqual(await reader.status(), { journalId, generation, durableSequence, firstSequence });
  for (const { appendedAtMicros, sequence } of [own[4]!, own.at(-1)!]) {
    const last = own.findLast((record) => record.appendedAtMicros <= appendedAtMicros)!;
    assert.equal(await reader.lastUntil({ appendedAtMicros }), last.sequence);
    assert.equal(await reader.lastUntil({ sequence }), sequence);
  }
  assert.equal(await reader.lastUntil({ appendedAtMicros: 1 }), 0);
});
