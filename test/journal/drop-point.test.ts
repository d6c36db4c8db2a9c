import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dropPoint } from '../../src/journal/drop-point.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';

describe('dropPoint', () => {
  let folder: string;
  let journal: Journal;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-drop-'));
    journal = await openJournal({ folder, durability: 'os', segmentBytes: 4_096 });
    for (let n = 0; n < 40; n++) {
      const { durable } = journal.append({ tenant: '', trace: new Uint8Array(0), events: [Buffer.alloc(900, n)] });
      await durable;
    }
  });
  after(async () => {
    await journal.close();
    await rm(folder, { recursive: true });
  });

  it('keeps all where nothing is bounded', async () => {
    assert.equal(await dropPoint(folder, {}), 1);
  });

  it('keeps the last segment whatever the bounds', async () => {
    const point = await dropPoint(folder, { maxBytes: 1 });
    assert.ok(point > 30 && point <= 40, String(point));
    assert.equal(await dropPoint(folder, { keepSinceMicros: Number.MAX_SAFE_INTEGER }), point);
  });

  it('lets the oldest go while there are more bytes than wanted', async () => {
    const { bytes } = journal.status();
    const point = await dropPoint(folder, { maxBytes: bytes / 2 });
    assert.ok(point > 15 && point < 28, String(point));
  });

  it('lets go what is older than wanted, and no record that is not', async () => {
    const times: number[] = [];
    for await (const records of journal.read({ afterSequence: 0 }))
      times.push(...records.map((one) => one.appendedAtMicros));
    for (const wanted of [1, 10, 25, 40]) {
      const point = await dropPoint(folder, { keepSinceMicros: times[wanted - 1]! });
      assert.ok(point <= wanted, `${point} for ${wanted}`);
      assert.ok(wanted - point < 10);
    }
  });

  it('is what the journal takes', async () => {
    const { bytes } = journal.status();
    const point = await dropPoint(folder, { maxBytes: bytes / 2 });
    await journal.dropBefore(point);
    assert.equal(journal.status().firstSequence, point);
    assert.ok(journal.status().bytes <= bytes / 2);
    assert.equal(await dropPoint(folder, { maxBytes: bytes / 2 }), point);
  });
});
