import type { Log } from '../rpc/log.ts';
import { entryBeside } from '../threads/entry.ts';
import { SupervisedWorker } from '../threads/supervised-worker.ts';
import type { WindowParts } from './duplicate-window.ts';

export interface RecallTask {
  /** The journal's. */
  readonly folder: string;
  /** Of each window. */
  readonly capacity: number;
  readonly afterSequence: number;
  /** Durable. */
  readonly throughSequence: number;
  /** Who asks will know whether one tenant has all events: as long as one has those that are read, it is taken to be so. */
  readonly isOneTenantLikely: boolean;
}

export interface Recalled {
  /** What was noted: ids above the first, up to the second. */
  readonly afterSequence: number;
  readonly throughSequence: number;
  readonly windows: readonly (readonly [tenant: string, WindowParts])[];
}

export interface RecallThread {
  /** Rejects with what the journal throws, with WORKER_LOST, with SHUTTING_DOWN. */
  readonly recalled: Promise<Recalled>;
  stop(): Promise<void>;
}

/** Begins to recall, beside what goes on here. The thread ends with its answer. */
export function startRecall(task: RecallTask, log: Log): RecallThread {
  const worker = new SupervisedWorker({
    name: 'recall of duplicates',
    entry: entryBeside(import.meta.url, './recall.worker'),
    data: undefined,
    maxPending: 1,
    log,
  });
  const recalled = worker.request('recall', task).finally(() => worker.rest()) as Promise<Recalled>;
  return { recalled, stop: () => worker.stop() };
}
