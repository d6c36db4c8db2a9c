import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { openJournal } from '../../src/journal/open-journal.ts';
import { readAll } from './journals.ts';
import { isToBeErased } from './writing-process.ts';

const script = join(import.meta.dirname, 'writing-process.ts');

/**
 * Runs a writer that appends, erases and drops until it has begun so many rewrites and has something acknowledged, then kills
 * it a moment later. (Without the latter, a slow disk once had it killed before it had promised anything.)
 */
async function killedAfter(folder: string, rewrites: number) {
  const writer = spawn(process.execPath, [script, folder, 'maintain'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const seen = { acknowledged: 0, erasedUpTo: 0, begun: 0 };
  let isDoomed = false;
  try {
    for await (const line of createInterface({ input: writer.stdout })) {
      const [what, sequence] = line.split(' ');
      if (what === 'acknowledged') seen.acknowledged = Math.max(seen.acknowledged, Number(sequence));
      if (what === 'erased') seen.erasedUpTo = Number(sequence);
      if (what === 'erasing') seen.begun += 1;
      if (isDoomed || seen.begun <= rewrites || seen.acknowledged === 0) continue;
      isDoomed = true;
      setTimeout(() => writer.kill('SIGKILL'), Math.random() * 25);
    }
    return seen;
  } finally {
    writer.kill('SIGKILL');
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
  }
}

test('a process killed while it erases and drops leaves every acknowledged record, or its tombstone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-journal-'));
  try {
    for (const rewrites of [0, 1, 2]) {
      const { acknowledged, erasedUpTo } = await killedAfter(folder, rewrites);
      assert.ok(acknowledged > 0);
      const journal = await openJournal({ folder, durability: 'disk' });
      const { firstSequence } = journal.status();
      let expected = firstSequence;
      for (const record of await readAll(journal, firstSequence - 1)) {
        const { sequence, kind, event } = record;
        assert.equal(sequence, expected++);
        if (kind === 'tombstone') assert.ok(isToBeErased(sequence));
        else assert.equal(Buffer.from(event).toString(), `event ${sequence} `.repeat(10));
        if (isToBeErased(sequence) && sequence <= erasedUpTo) assert.equal(kind, 'tombstone');
      }
      assert.ok(expected > acknowledged, `${acknowledged} was acknowledged, the next is ${expected}`);
      await journal.close();
      const bases = (await readdir(folder)).map((name) => name.split('-')[0]);
      assert.equal(new Set(bases).size, bases.length, 'one file a segment is left');
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
