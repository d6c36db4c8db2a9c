import { writeSync } from 'node:fs';
import { PalateError } from '../../src/errors.ts';
import { openJournal } from '../../src/journal/open-journal.ts';

/** A process for tests to kill: `hold` keeps a journal open, `write` appends and prints what was acknowledged. */

const [folder, what] = process.argv.slice(2);
const journal = await openJournal({ folder: folder!, durability: 'disk', segmentBytes: 400_000 }).catch((error) => {
  writeSync(1, `${PalateError.from(error).reason}\n`);
  process.exit(1);
});

if (what === 'write') {
  await Promise.all(Array.from({ length: 4 }, () => write()));
} else {
  writeSync(1, 'open\n');
  process.stdin.resume();
}

async function write(): Promise<void> {
  for (;;) {
    const next = journal.status().lastSequence + 1;
    const events = Array.from({ length: 50 }, (_, at) => Buffer.from(`event ${next + at} `.repeat(10)));
    const { durable, lastSequence } = journal.append({ tenant: '', trace: new Uint8Array(0), events });
    await durable;
    writeSync(1, `${lastSequence}\n`);
  }
}
