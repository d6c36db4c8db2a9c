/** Reads a journal ahead of the thread that folds it, and scans its events. Its owner is `scan-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { openJournalForReading } from '../../journal/open-journal-for-reading.ts';
import { goBehind } from '../../threads/go-behind.ts';
import type { FromScan, ScanData, ToScan } from './messages.ts';
import { blockBytes, mostRecords, scanRecords } from './scanned-block.ts';

goBehind();

const { folder, throughSequence, memories } = workerData as ScanData;
const free = [...memories.keys()];
let wake: () => void = () => undefined;

parentPort!.on('message', ({ folded }: ToScan) => {
  free.push(folded);
  wake();
});

await scan();
send({ isOver: true });
parentPort!.close();

async function scan(): Promise<void> {
  const journal = await openJournalForReading({ folder });
  // The owner has said through which sequence all is durable: nothing is to be proven here.
  const limits = { includeUnproven: true, maxBytes: blockBytes, maxRecords: mostRecords };
  for await (const read of journal.readBlocks({ afterSequence: 0, ...limits })) {
    const block = read.until(throughSequence);
    for (let at = 0; at < block.length; ) {
      const place = free.pop() ?? (await nextFree());
      const scanned = scanRecords(block, at, memories[place]!);
      send({ place, block: scanned });
      at += scanned.length;
    }
    if (block.length < read.length) return;
  }
}

async function nextFree(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  wake = resolve;
  await promise;
  return free.pop()!;
}

function send(message: FromScan): void {
  parentPort!.postMessage(message);
}
