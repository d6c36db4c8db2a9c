/** A worker for the tests of threads. */
import { threadId, workerData } from 'node:worker_threads';
import { PalateError } from '../../src/errors.ts';
import { serveRequests, type WorkerCall, workerLog } from '../../src/threads/serve-requests.ts';

const cancelled: string[] = [];

serveRequests({
  echo: (payload: unknown) => ({ payload, data: workerData, threadId }),
  size: (bytes: ArrayBuffer) => bytes.byteLength,
  refuse: () => {
    throw new PalateError('JOURNAL_FULL', 'no room', { metadata: { path: 'x' }, retryAfterMillis: 70 });
  },
  break: () => {
    throw new TypeError('a bug');
  },
  log: (message: string) => workerLog.warn({ error: new PalateError('USAGE', 'wrong') }, message),
  hang: (name: string, { signal }: WorkerCall) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        cancelled.push(name);
        reject(signal.reason);
      });
    }),
  cancelled: () => cancelled,
  die: () => process.exit(3),
  crash: () => {
    setImmediate(() => {
      throw new Error('out of nowhere');
    });
    return new Promise(() => undefined);
  },
});
