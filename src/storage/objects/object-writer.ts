import type { Log } from '../../rpc/log.ts';
import { entryBeside } from '../../threads/entry.ts';
import { SupervisedWorker } from '../../threads/supervised-worker.ts';
import type { ObjectWrite } from './write-object.ts';

/** Objects that may wait to be written. */
const maxWaiting = 10_000;

/** Writes objects, see `writeObject`, away from the thread that serves. */
export interface ObjectWriter {
  /** Rejects as `writeObject` throws; also with WORKER_LOST, OVERLOADED, SHUTTING_DOWN. */
  write(object: ObjectWrite): Promise<void>;
  /** What is not written yet is not kept. */
  stop(): Promise<void>;
}

/** A thread that begins with the first object. */
export function createObjectWriter(log: Log): ObjectWriter {
  const entry = entryBeside(import.meta.url, './object-writer.worker');
  const worker = new SupervisedWorker({ name: 'object writer', entry, data: undefined, maxPending: maxWaiting, log });
  return {
    async write(object) {
      await worker.request('write', object);
    },
    stop: () => worker.stop(),
  };
}
