import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFolder } from '../../src/journal/lock.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { appended, contents } from './journals.ts';

const child = join(import.meta.dirname, 'writing-process.ts');

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'palate-journal-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Starts a process that opens the journal and prints what becomes of it. */
function start(folder: string, ...more: string[]): ChildProcess {
  return spawn(process.execPath, [child, folder, ...more], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function firstLine(started: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of started.stdout!) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0]!;
}

test('a second process is told who holds the journal, and gets it when that one is killed', async () => {
  await inFolder(async (folder) => {
    const holder = start(folder, 'hold');
    assert.equal(await firstLine(holder), 'open');
    await assert.rejects(openJournal({ folder, durability: 'os' }), {
      reason: 'JOURNAL_LOCKED',
      message: `process ${holder.pid} writes the journal in ${folder}: stop it, or choose another folder`,
    });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const journal = await openJournal({ folder, durability: 'os' });
    await assert.rejects(openJournal({ folder, durability: 'os' }), { reason: 'JOURNAL_LOCKED' });
    await journal.close();
    await (await openJournal({ folder, durability: 'os' })).close();
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('lock')),
      [],
    );
  });
});

test('of several processes that take over a dead lock at once no two succeed', async () => {
  await inFolder(async (folder) => {
    const dead = start(folder, 'hold');
    await firstLine(dead);
    dead.kill('SIGKILL');
    await once(dead, 'exit');
    const rivals = Array.from({ length: 4 }, () => start(folder, 'hold'));
    const lines = await Promise.all(rivals.map(firstLine));
    assert.deepEqual(
      lines.filter((line) => line !== 'JOURNAL_LOCKED'),
      ['open'],
    );
    for (const rival of rivals) rival.kill('SIGKILL');
  });
});

test('of several claims at the same instant at most one succeeds, and the folder stays usable', async () => {
  await inFolder(async (folder) => {
    const claims = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const won = claims.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    assert.ok(won.length <= 1);
    for (const each of claims) if (each.status === 'rejected') assert.equal(each.reason.reason, 'JOURNAL_LOCKED');
    for (const release of won) await release();
    await (await lockFolder(folder))();
  });
});

test('a folder with a long path can be locked', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
  await inFolder(async (parent) => {
    const folder = join(parent, 'long'.repeat(40), 'and longer'.repeat(10));
    const journal = await openJournal({ folder, durability: 'os' });
    await assert.rejects(openJournal({ folder, durability: 'os' }), { reason: 'JOURNAL_LOCKED' });
    await journal.close();
  });
});

test('a path that cannot be a folder is DATA_UNWRITABLE', async () => {
  await inFolder(async (parent) => {
    await writeFile(join(parent, 'file'), '');
    for (const folder of [join(parent, 'file'), join(parent, 'file', 'below')]) {
      await assert.rejects(openJournal({ folder, durability: 'os' }), { reason: 'DATA_UNWRITABLE' });
    }
  });
});

test('on a real disk, what a killed process acknowledged is there', async () => {
  await inFolder(async (parent) => {
    const folder = join(parent, 'journal');
    await mkdir(folder);
    for (let round = 0; round < 3; round++) {
      const writer = start(folder, 'write');
      const acknowledged = await lastLineAfter(writer, 150);
      const journal = await openJournal({ folder, durability: 'disk' });
      assert.ok(acknowledged > 0);
      assert.ok(journal.status().durableSequence >= acknowledged);
      let expected = 1;
      for await (const records of journal.read({ afterSequence: 0 })) {
        for (const { sequence, event } of records) {
          assert.equal(sequence, expected++);
          assert.equal(Buffer.from(event).toString(), `event ${sequence} `.repeat(10));
        }
      }
      assert.equal(expected - 1, journal.status().durableSequence);
      await journal.close();
    }
  });
});

/** Kills the process when it has acknowledged something for so long, and returns the last number that it printed. */
async function lastLineAfter(writer: ChildProcess, millis: number): Promise<number> {
  let text = '';
  for await (const chunk of writer.stdout!) {
    if (text === '') setTimeout(() => writer.kill('SIGKILL'), millis);
    text += chunk;
  }
  return Number(text.split('\n').at(-2));
}

test('a journal on a real disk goes through segments and a restart', async () => {
  await inFolder(async (folder) => {
    const journal = await openJournal({ folder, durability: 'disk', segmentBytes: 200 });
    for (const text of ['a', 'b', 'c', 'd', 'e']) await appended(journal, text);
    await journal.close();
    const again = await openJournal({ folder, durability: 'disk' });
    assert.equal(await contents(again), '1:a 2:b 3:c 4:d 5:e');
    assert.ok(again.status().segments >= 3);
    assert.equal(again.status().journalId, journal.status().journalId);
    await again.close();
  });
});
