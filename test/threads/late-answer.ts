/** A process that stops a worker whose answer is on its way already. Prints `over`. */
import { entryBeside } from '../../src/threads/entry.ts';
import { SupervisedWorker } from '../../src/threads/supervised-worker.ts';

const quiet = () => {};
const worker = new SupervisedWorker({
  name: 'echo',
  entry: entryBeside(import.meta.url, './echo.worker'),
  data: undefined,
  maxPending: 2,
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
});
await worker.request('echo', 0);
worker.request('echo', 0).catch(quiet);
// It answers while nothing is read here.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
await worker.stop();
console.log('over');
