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
      const passedOver: PalateError[] = [];
      if (folder !== undefined) {
        const restored = await restoreNewest(state, {
          folder,
          journal,
          signal: stopping.signal,
          onUnusable(snapshot, error) {
            passedOver.push(error);
            log.warn({ snapshot, error }, 'a snapshot is not used');
          },
        });
        if (restored !== undefined) {
          tell(log, restored);
          onRestored?.(restored);
        }
      }
      assertWhole(state, journal.status().firstSequence, folder, passedOver);
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

function assertWhole(
  state: State,
  firstSequence: number,
  folder: string | undefined,
  passedOver: readonly PalateError[],
): void {
  if (state.sequence + 1 >= firstSequence) return;
  const message =
    `the journal begins at sequence ${firstSequence}: what was before was dropped (journal.retention), and is in ` +
    `snapshots only. ${whyNone(folder, passedOver)}`;
  throw new PalateError('STATE_UNAVAILABLE', message, { cause: passedOver[0] });
}

/** What is wrong with the newest of them, and what the operator can do about it. */
function whyNone(folder: string | undefined, [newest, ...older]: readonly PalateError[]): string {
  if (folder === undefined) return 'They are switched off: recommendation.snapshots.everyEvents must not be 0';
  if (newest === undefined) return `There is none in ${folder}: put one of this journal there`;
  const others = older.length === 0 ? '' : ` (the log has what is wrong with ${older.length} more)`;
  return (
    `None in ${folder} can be used: ${newest.message}${others}. A snapshot is for the version of the fold and the settings of ` +
    'recommendation that it was written by: start the Palate and the configuration that wrote it, put another one there, ' +
    'or put copies of the dropped segments back into the folder of the journal'
  );
}
