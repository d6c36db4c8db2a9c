import { PalateError } from '../../errors.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Part } from '../../lifecycle.ts';
import type { Log } from '../../rpc/log.ts';
import type { State } from '../fold/state.ts';
import { type Restored, restoreNewest } from '../snapshots/restore.ts';

export interface StartFromSnapshotOptions {
  readonly state: State;
  /** Undefined: no snapshot is used. */
  readonly folder: string | undefined;
  readonly journal: Pick<Journal, 'status' | 'read'>;
  readonly onRestored?: (restored: Restored) => void;
  readonly log: Log;
}

/**
 * Goes before the feed: gives the state the newest good snapshot to begin with. Its start fails with STATE_UNAVAILABLE
 * where there is none and the journal no longer has its first records.
 */
export function startFromSnapshot(options: StartFromSnapshotOptions): Part {
  const { state, folder, journal, onRestored, log } = options;
  const stopping = new AbortController();
  return {
    name: 'start from a snapshot',
    async start() {
      if (folder !== undefined) {
        const restored = await restoreNewest(state, {
          folder,
          journal,
          signal: stopping.signal,
          onUnusable: (snapshot, error) => log.warn({ snapshot, error }, 'a snapshot is not used'),
        });
        if (restored !== undefined) {
          tell(log, restored);
          onRestored?.(restored);
        }
      }
      assertWhole(state, journal.status().firstSequence, folder);
    },
    async stop() {
      stopping.abort(new PalateError('SHUTTING_DOWN', 'the server is stopping'));
    },
  };
}

function tell(log: Log, { name: snapshot, header, bytes, millis }: Restored): void {
  const { sequence } = header;
  log.info({ snapshot, sequence, bytes, millis: Math.round(millis) }, 'the state begins with a snapshot');
}

function assertWhole(state: State, firstSequence: number, folder: string | undefined): void {
  if (state.sequence + 1 >= firstSequence) return;
  throw new PalateError(
    'STATE_UNAVAILABLE',
    `the journal begins at sequence ${firstSequence}: what was before is in snapshots only, and ` +
      (folder === undefined ? 'they are switched off' : `none in ${folder} can be used (the log says why)`),
  );
}
