import { assertCovered, Cursor } from './cursor.ts';
import type { Disk } from './disk.ts';
import { FolderView } from './folder-view.ts';
import type { FileReadOptions, FileStatus, JournalPlace, JournalReader, ReadOptions } from './journal.ts';
import { realDisk } from './real-disk.ts';
import type { RecordBlock } from './record-block.ts';

export interface JournalReaderOptions {
  readonly folder: string;
  readonly disk?: Disk;
}

/**
 * Opens the journal in a folder for reading only, also while another process writes it. Nothing is locked, cut or
 * removed, and nothing needs to be closed.
 *
 * What it gives out is durable as far as the files tell: every group that another one follows, since the writer waits
 * for the disk in between. The very last group is in doubt until something follows it, a commit marker after 50 ms at
 * the latest: it may have been acknowledged, or its fdatasync may be under way, or have failed. It is left out, unless
 * `includeUnproven` asks for it. Two cases can't be told apart from outside: a journal with durability 'os' promises
 * less, so that its last group counts once it is written; and a byte that went bad within the last group looks like a
 * group that is being written.
 * @throws PalateError INPUT_UNREADABLE where there is no journal; JOURNAL_CORRUPT, JOURNAL_FORMAT, JOURNAL_FAILED
 */
export async function openJournalForReading(options: JournalReaderOptions): Promise<JournalReader> {
  const { folder, disk = realDisk } = options;
  const look = async (includeUnproven: boolean) => {
    const view = new FolderView(disk, folder, includeUnproven);
    await view.refresh();
    return view;
  };
  await look(false);
  return {
    read: (read) => readFiles(() => look(read.includeUnproven ?? false), read),
    readBlocks: (read) => readFileBlocks(() => look(read.includeUnproven ?? false), read),
    lastUntil: async (place, { includeUnproven = false } = {}) => lastUntil(await look(includeUnproven), place),
    status: async () => statusOf(await look(false)),
  };
}

async function* readFiles(look: () => Promise<FolderView>, options: FileReadOptions) {
  for await (const block of readView(await look(), options)) yield block.records();
}

async function* readFileBlocks(look: () => Promise<FolderView>, options: FileReadOptions) {
  yield* readView(await look(), options);
}

async function* readView(view: FolderView, options: ReadOptions): AsyncGenerator<RecordBlock> {
  assertCovered(options.afterSequence, view.segments, view.lastSequence);
  const cursor = new Cursor(view, options);
  try {
    while (!options.signal?.aborted) {
      const block = await cursor.nextBlock();
      if (block !== undefined) yield block;
      else if (!(await view.refresh())) return;
    }
  } finally {
    await cursor.close();
  }
}

/** Finds the segment by what the headers tell, then reads on from its start. */
async function lastUntil(view: FolderView, place: JournalPlace): Promise<number> {
  const isBehind = (sequence: number, appendedAtMicros: number) =>
    'sequence' in place ? sequence > place.sequence : appendedAtMicros > place.appendedAtMicros;
  const before = view.segments.map(({ header }) => header.previous);
  const { lastSequence: afterSequence } =
    before.findLast(({ lastSequence, lastAppendedAtMicros }) => !isBehind(lastSequence, lastAppendedAtMicros)) ??
    before[0]!;
  let last = afterSequence > before[0]!.lastSequence ? afterSequence : 0;
  for await (const block of readView(view, { afterSequence })) {
    for (let at = 0; at < block.length; at++) {
      const sequence = block.sequence(at);
      if (isBehind(sequence, block.appendedAtMicros(at))) return last;
      last = sequence;
    }
  }
  return last;
}

function statusOf({ segments, end }: FolderView): FileStatus {
  const first = segments[0]!.header;
  return {
    journalId: Buffer.from(first.journalId).toString('hex'),
    firstSequence: first.baseSequence,
    lastSequence: end.wholeSequence,
    durableSequence: end.lastSequence,
    lastAppendedAtMicros: end.lastAppendedAtMicros,
    segments: segments.length,
    bytes: segments.reduce((bytes, { durableBytes }) => bytes + durableBytes, 0),
    generation: segments.reduce((highest, { header }) => Math.max(highest, header.generation), 1),
  };
}
