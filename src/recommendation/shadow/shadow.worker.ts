/** The shadow fold: a state of the past, in a thread of its own. Its owner is `shadow.ts`. */
import { setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';
import { createRemoteReader } from '../../journal/follower/remote-reader.ts';
import { openJournalForReading } from '../../journal/open-journal-for-reading.ts';
import { serveRequests, type WorkerCall, workerLog } from '../../threads/serve-requests.ts';
import { digestOf } from '../fold/digest.ts';
import { TenantState } from '../fold/tenant-state.ts';
import { coveredThrough } from '../snapshots/restore.ts';
import { saveState } from '../snapshots/save.ts';
import type { AnswerRequest, CoverRequest, DigestRequest, Moment, ShadowData, SnapshotRequest } from './messages.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { createPastReader } from './past-reader.ts';
import { PastState } from './past-state.ts';

const data = workerData as ShadowData;
const { journal, snapshotFolder, keep, fold: settings } = data;

const niceness = 5;
// On Linux a priority is the thread's own: where cores are scarce it gets a third of what a thread that serves gets.
if (process.platform === 'linux') setPriority(niceness);

const reader =
  'folder' in journal ? await openJournalForReading(journal) : createRemoteReader(journal.follow, journal.connection);
const past = new PastState({ reader, settings, snapshotFolder, log: workerLog });
const answer = createPastReader(data, past, workerLog);
const turns = new OneAtATime();

serveRequests({
  answer: ({ moment, generation, ...request }: AnswerRequest, call: WorkerCall) =>
    turns.run(call.signal, async () => {
      await past.foldTo(await sequenceOf(moment, call.signal), call.signal, generation);
      return answer(request, 'sequence' in moment ? moment.atMicros : moment.appendedAtMicros, call);
    }),
  digest: ({ sequence, generation, tenant }: DigestRequest, { signal }: WorkerCall) =>
    turns.run(signal, async () => {
      await past.foldTo(sequence, signal, generation);
      return digestOf(past.state.tenant(tenant) ?? new TenantState(settings));
    }),
  snapshot: ({ sequence, generation }: SnapshotRequest, { signal }: WorkerCall) =>
    turns.run(signal, async () => {
      await past.foldTo(sequence, signal, generation);
      return saveState(past.state, past.origin(), snapshotFolder, keep);
    }),
  coveredThrough: ({ copies }: CoverRequest, { signal }: WorkerCall) =>
    turns.run(signal, () =>
      coveredThrough(
        settings,
        { folder: snapshotFolder, journal: reader, signal, onUnusable: past.onUnusable },
        copies,
      ),
    ),
});

async function sequenceOf(moment: Moment, signal: AbortSignal): Promise<number> {
  return 'sequence' in moment ? moment.sequence : past.sequenceAt(moment.appendedAtMicros, signal);
}
