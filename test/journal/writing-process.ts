import { writeSync } from 'node:fs';
import { PalateError } from '../../src/errors.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';

/**
 * A process for tests to kill: `hold` keeps a journal open, `write` appends and prints what was acknowledged, `maintain`
 * also erases and drops, and says so.
 */

/** Which sequences `maintain` erases. */
export function isToBeErased(sequence: number): boolean {
  return sequence % 97 === 0;
}

if (import.meta.main) {
  const [folder, what] = process.argv.slice(2);
  const journal = await openJournal({ folder: folder!, durability: 'disk', segmentBytes: 400_000 }).catch((error) => {
    writeSync(1, `${PalateError.from(error).reason}\n`);
    process.exit(1);
  });
  const writers = () => Array.from({ length: 4 }, () => write(journal, what === 'write' ? '' : 'acknowledged '));
  if (what === 'write') {
    await Promise.all(writers());
  } else if (what === 'maintain') {
    await Promise.all([...writers(), maintain(journal)]);
  } else {
    writeSync(1, 'open\n');
    process.stdin.resume();
  }
}

async function write(journal: Journal, prefix: string): Promise<void> {
  for (;;) {
    const next = journal.status().lastSequence + 1;
    const events = Array.from({ length: 50 }, (_, at) => Buffer.from(`event ${next + at} `.repeat(10)));
    const { durable, lastSequence } = journal.append({ tenant: '', trace: new Uint8Array(0), events });
    await durable;
    writeSync(1, `${prefix}${lastSequence}\n`);
  }
}

async function maintain(journal: Journal): Promise<void> {
  for (;;) {
    const through = journal.status().durableSequence;
    writeSync(1, `erasing ${through}\n`);
    await journal.rewrite({ erase: ({ sequence }) => isToBeErased(sequence) });
    writeSync(1, `erased ${through}\n`);
    await journal.dropBefore(through - 20_000);
  }
}
