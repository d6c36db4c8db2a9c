/** Finds the state to start from among the snapshots of a folder. */
import { PalateError } from '../../errors.ts';
import type { JournalStatus } from '../../journal/journal.ts';
import type { JournalRecord } from '../../journal/record.ts';
import { foldVersion } from '../fold/fold-version.ts';
import type { FoldSettings } from '../fold/settings.ts';
import type { State } from '../fold/state.ts';
import { ArchiveReader } from './archive-reader.ts';
import type { SnapshotHeader } from './format.ts';
import { type ReadSnapshot, readSnapshot, readSnapshotHeader } from './read-snapshot.ts';
import { settingsFingerprint } from './settings-fingerprint.ts';
import { listSnapshots, type SnapshotFileName } from './snapshot-folder.ts';

/** What is asked of a journal, so that a snapshot of another one is not taken for its own. */
export interface SnapshotJournal {
  status(): JournalEnd | Promise<JournalEnd>;
  read(options: {
    readonly afterSequence: number;
    readonly maxRecords: number;
  }): AsyncIterable<readonly JournalRecord[]>;
}

type JournalEnd = Pick<JournalStatus, 'journalId' | 'generation' | 'durableSequence'>;

export interface RestoreOptions {
  readonly folder: string;
  readonly journal: SnapshotJournal;
  /** No snapshot beyond it is used. Default: the journal's end. */
  readonly through?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each file that is passed over, and why. */
  readonly onUnusable: (name: string, reason: PalateError) => void;
}

/** Where a state was taken from. */
export interface Restored {
  readonly name: string;
  readonly header: SnapshotHeader;
  readonly bytes: number;
  readonly millis: number;
}

/**
 * Makes `state`, which is empty, the newest one that a good snapshot holds. Undefined: there was none, and the state is as
 * it was. A snapshot is good if every byte of it is as it was written, and if it is of this journal, its generation,
 * these settings and this version of the fold.
 */
export async function restoreNewest(state: State, options: RestoreOptions): Promise<Restored | undefined> {
  const status = await options.journal.status();
  const through = Math.min(options.through ?? Number.POSITIVE_INFINITY, status.durableSequence);
  for (const file of await listSnapshots(options.folder)) {
    if (file.sequence > through && file.sequence <= status.durableSequence) continue;
    try {
      return await restore(state, file, options, status);
    } catch (error) {
      options.signal?.throwIfAborted();
      options.onUnusable(file.name, PalateError.from(error));
    }
  }
  return undefined;
}

/**
 * Up to which sequence the newest `copies` good snapshots all go; 0: there are not as many. Each is read and checked
 * whole: what the journal drops for it cannot be had again.
 */
export async function coveredThrough(
  settings: FoldSettings,
  options: Omit<RestoreOptions, 'through'>,
  copies: number,
): Promise<number> {
  const status = await options.journal.status();
  let good = 0;
  for (const file of await listSnapshots(options.folder)) {
    try {
      const { header } = await readFitting(file, settings, options, status);
      good += 1;
      if (good === copies) return header.sequence;
    } catch (error) {
      options.signal?.throwIfAborted();
      options.onUnusable(file.name, PalateError.from(error));
    }
  }
  return 0;
}

async function restore(
  state: State,
  file: SnapshotFileName,
  options: RestoreOptions,
  status: JournalEnd,
): Promise<Restored> {
  const began = performance.now();
  const { header, sections, bytes } = await readFitting(file, state.settings, options, status);
  try {
    state.persist(new ArchiveReader(sections));
  } catch (cause) {
    throw new PalateError('SNAPSHOT_UNUSABLE', `the snapshot ${file.name} is not used: it does not fit this version`, {
      cause,
    });
  }
  return { name: file.name, header, bytes, millis: performance.now() - began };
}

async function readFitting(
  file: SnapshotFileName,
  settings: FoldSettings,
  { journal, signal }: Pick<RestoreOptions, 'journal' | 'signal'>,
  status: JournalEnd,
): Promise<ReadSnapshot> {
  const problem = misfit(await readSnapshotHeader(file.path), settings, status);
  if (problem !== undefined) throw unusable(file, problem);
  const read = await readSnapshot(file.path, signal);
  await assertSameRecord(journal, file, read.header);
  return read;
}

/** Why a whole snapshot is not for a state of these settings; undefined: it is. */
function misfit(header: SnapshotHeader, settings: FoldSettings, journal: JournalEnd): string | undefined {
  if (header.journalId !== journal.journalId) return 'it is of another journal';
  if (header.generation !== journal.generation) {
    return `it is of generation ${header.generation} of the journal, which is at ${journal.generation}`;
  }
  if (header.foldVersion !== foldVersion) {
    return `version ${header.foldVersion} of the fold wrote it, and this is ${foldVersion}`;
  }
  if (header.settings !== settingsFingerprint(settings)) return 'it was folded under other settings';
  if (header.sequence > journal.durableSequence) {
    return `it is of sequence ${header.sequence}, but the journal ends at ${journal.durableSequence}`;
  }
  return undefined;
}

/**
 * A journal that lost its end at a power cut gives the same sequences to other events; the record at the snapshot's
 * sequence then has another time.
 */
async function assertSameRecord(journal: SnapshotJournal, file: SnapshotFileName, header: SnapshotHeader) {
  for await (const [record] of journal.read({ afterSequence: header.sequence - 1, maxRecords: 1 })) {
    if (record?.sequence === header.sequence && record.appendedAtMicros === header.appendedAtMicros) return;
    break;
  }
  throw unusable(file, `record ${header.sequence} of the journal is not the one that it ends with`);
}

function unusable(file: SnapshotFileName, why: string): PalateError {
  return new PalateError('SNAPSHOT_UNUSABLE', `the snapshot ${file.name} is not used: ${why}`);
}
