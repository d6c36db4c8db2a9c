import assert from 'node:assert/strict';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

test('a worker that goes behind is nicer than the thread that started it, which stays as it was', async () => {
  const before = getPriority();
  const file = new URL('../../src/threads/go-behind.ts', import.meta.url).href;
  const code = `
    const { parentPort } = require('node:worker_threads');
    const { getPriority } = require('node:os');
    import(${JSON.stringify(file)}).then(({ goBehind }) => {
      goBehind();
      parentPort.postMessage(getPriority());
    });
  `;
  const worker = new Worker(code, { eval: true });
  const [own] = await once(worker, 'message');
  await worker.terminate();
  assert.equal(own, process.platform === 'linux' ? Math.min(19, before + 5) : before);
  assert.equal(getPriority(), before);
});
