import { join } from 'node:path';
import { foldVersion } from '../fold/fold-version.ts';
import type { State } from '../fold/state.ts';
import { settingsFingerprint } from './settings-fingerprint.ts';
import { makeSnapshotFolder, pruneSnapshots, snapshotName } from './snapshot-folder.ts';
import { writeSnapshot } from './write-snapshot.ts';

/** Of which journal a state is, and how far it came. */
export interface Origin {
  readonly journalId: string;
  readonly generation: number;
  /** When the journal took the record that was folded last, be it a tombstone. */
  readonly appendedAtMicros: number;
  /** Records folded from the journal's first one on. */
  readonly records: number;
}

/** A snapshot that was written. */
export interface Saved {
  readonly name: string;
  readonly sequence: number;
  readonly bytes: number;
  readonly millis: number;
  /** Older snapshots that were removed after it. */
  readonly removed: readonly string[];
}

/**
 * Writes a snapshot of the state into the folder, and removes those that are not among the newest `keep`. It holds the
 * thread while it writes.
 * @throws PalateError SNAPSHOT_FAILED
 */
export async function saveState(state: State, origin: Origin, folder: string, keep: number): Promise<Saved> {
  await makeSnapshotFolder(folder);
  const began = performance.now();
  const name = snapshotName(state.sequence, origin.generation);
  const settings = settingsFingerprint(state.settings);
  const header = { ...origin, foldVersion, sequence: state.sequence, settings };
  const bytes = writeSnapshot(join(folder, name), header, (archive) => state.persist(archive));
  const millis = performance.now() - began;
  const removed = await pruneSnapshots(folder, keep, origin.generation);
  return { name, sequence: state.sequence, bytes, millis, removed };
}
