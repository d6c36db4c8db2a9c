import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Lifecycle, type Part } from '../src/lifecycle.ts';

function recorder(names: readonly string[], over: Readonly<Record<string, Partial<Part>>> = {}) {
  const steps: string[] = [];
  const step = (text: string) => async () => void steps.push(text);
  const parts = names.map(
    (name): Part => ({
      name,
      start: step(`start ${name}`),
      drain: step(`drain ${name}`),
      stop: step(`stop ${name}`),
      ...over[name],
    }),
  );
  return { steps, parts };
}

test('parts start in order; all drain in reverse before the first stops', async () => {
  const { steps, parts } = recorder(['journal', 'fold', 'server']);
  const lifecycle = new Lifecycle(parts, { graceMillis: 1_000 });
  await lifecycle.start();
  assert.deepEqual(steps, ['start journal', 'start fold', 'start server']);
  steps.length = 0;
  await lifecycle.stop();
  assert.deepEqual(steps, ['drain server', 'drain fold', 'drain journal', 'stop server', 'stop fold', 'stop journal']);
});

test('a part starts only when the one before it has started', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { steps, parts } = recorder(['slow', 'next'], { slow: { start: () => promise } });
  const started = new Lifecycle(parts, { graceMillis: 1_000 }).start();
  await new Promise(setImmediate);
  assert.deepEqual(steps, []);
  resolve();
  await started;
  assert.deepEqual(steps, ['start next']);
});

test('a failed start lets go of what was started, the failed part too, and is thrown', async () => {
  const failure = new Error('port taken');
  const { steps, parts } = recorder(['journal', 'server', 'never'], {
    server: { start: () => Promise.reject(failure) },
  });
  await assert.rejects(new Lifecycle(parts, { graceMillis: 1_000 }).start(), failure);
  assert.deepEqual(steps, ['start journal', 'drain server', 'drain journal', 'stop server', 'stop journal']);
});

test('a part that fails to drain or stop is reported and does not keep the others', async () => {
  const failed: string[] = [];
  const { steps, parts } = recorder(['journal', 'server'], {
    server: {
      drain: () => Promise.reject(new Error('stuck')),
      stop: () => {
        throw new Error('thrown, not rejected');
      },
    },
  });
  const lifecycle = new Lifecycle(parts, {
    graceMillis: 1_000,
    onError: (part, stage, error) => failed.push(`${part} ${stage}: ${(error as Error).message}`),
  });
  await lifecycle.start();
  await lifecycle.stop();
  assert.deepEqual(failed, ['server drain: stuck', 'server stop: thrown, not rejected']);
  assert.deepEqual(steps.slice(-2), ['drain journal', 'stop journal']);
});

test('when the grace is over the drain is told, and everything stops', async () => {
  const { steps, parts } = recorder(['server'], {
    server: {
      drain: async (signal) => {
        if (!signal.aborted) await once(signal, 'abort');
        steps.push('gave up');
      },
    },
  });
  const lifecycle = new Lifecycle(parts, { graceMillis: 20 });
  await lifecycle.start();
  // The timer of the grace does not hold the process; a server's sockets would.
  const alive = setInterval(() => {}, 1_000);
  await lifecycle.stop();
  clearInterval(alive);
  assert.deepEqual(steps.slice(-2), ['gave up', 'stop server']);
});

test('stop runs once, however often it is called, and needs no start', async () => {
  const { steps, parts } = recorder(['server']);
  const lifecycle = new Lifecycle(parts, { graceMillis: 1_000 });
  await lifecycle.start();
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  await lifecycle.stop();
  assert.deepEqual(steps, ['start server', 'drain server', 'stop server']);
  await new Lifecycle(parts, { graceMillis: 1_000 }).stop();
  assert.equal(steps.length, 3);
});

test('parts need no stage that they have no use for', async () => {
  const lifecycle = new Lifecycle([{ name: 'constant' }], { graceMillis: 1_000 });
  await lifecycle.start();
  await lifecycle.stop();
});

test('a stop during the start waits for the part that is starting, and starts no further one', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { steps, parts } = recorder(['slow', 'next'], { slow: { start: () => promise } });
  const lifecycle = new Lifecycle(parts, { graceMillis: 5_000 });
  const started = lifecycle.start();
  const stopped = lifecycle.stop();
  await new Promise(setImmediate);
  assert.deepEqual(steps, []);
  resolve();
  await Promise.all([started, stopped]);
  assert.deepEqual(steps, ['drain slow', 'stop slow']);
});

test('a part that would start for long is told when the process is to stop', async () => {
  let begun: () => void = () => undefined;
  const starting = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { steps, parts } = recorder(['slow', 'next'], {
    slow: {
      start: async (signal) => {
        begun();
        if (signal?.aborted === false) await once(signal, 'abort');
      },
    },
  });
  const lifecycle = new Lifecycle(parts, { graceMillis: 60_000 });
  const started = lifecycle.start();
  await starting;
  await Promise.all([started, lifecycle.stop()]);
  assert.deepEqual(steps, ['drain slow', 'stop slow']);
});

test('a drain that does not heed its signal is left behind when the grace ends', async () => {
  const { steps, parts } = recorder(['journal', 'server'], { server: { drain: () => new Promise(() => undefined) } });
  const lifecycle = new Lifecycle(parts, { graceMillis: 20 });
  await lifecycle.start();
  steps.length = 0;
  await lifecycle.stop();
  assert.deepEqual(steps, ['drain journal', 'stop server', 'stop journal']);
});
