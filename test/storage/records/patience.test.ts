import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { PalateError } from '../../../src/errors.ts';
import { patience } from '../../../src/storage/records/patience.ts';
import { recordingLog } from '../../scoring/recording-log.ts';
import { eventually } from '../../servers/palate-process.ts';

const failure = () => Promise.reject(new PalateError('STORAGE_FAILED', 'away'));
const never = () => new Promise<never>(() => undefined);

function asking({ waitMillis = 20, restMillis = 50 } = {}) {
  const { log, lines } = recordingLog();
  return { ask: patience({ what: 'the store', waitMillis, restMillis, log }), lines };
}

it('gives the answer, and passes on errors that are not of the storage', async () => {
  const { ask, lines } = asking();
  assert.deepEqual(await ask(async () => undefined), { answer: undefined });
  await assert.rejects(
    ask(() => Promise.reject(new TypeError('ours'))),
    TypeError,
  );
  assert.deepEqual(await ask(async () => 1), { answer: 1 });
  assert.deepEqual(lines, []);
});

for (const [what, work] of Object.entries({ fails: failure, 'says nothing': never })) {
  it(`asks no more for a while where it ${what}, and tells it once`, async () => {
    const { ask, lines } = asking();
    assert.equal(await ask<number>(work), undefined);
    let asked = 0;
    const count = async () => ++asked;
    assert.equal(await ask(count), undefined);
    assert.equal(asked, 0);
    await eventually('it is asked again', async () => (await ask(count)) !== undefined);
    assert.equal(asked, 1);
    assert.deepEqual(await ask(count), { answer: 2 });
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [
        ['warn', 'the store does not answer: it is done without'],
        ['info', 'the store answers again'],
      ],
    );
  });
}

it('lets one ask whether it is back', async () => {
  const { ask } = asking({ restMillis: 30 });
  await ask(failure);
  await new Promise((resolve) => setTimeout(resolve, 40));
  let asked = 0;
  const slow = () => {
    asked += 1;
    return never();
  };
  await Promise.all(Array.from({ length: 10 }, () => ask(slow)));
  assert.equal(asked, 1);
});

it('takes an answer that came in time while this thread was busy', async () => {
  const { ask, lines } = asking({ waitMillis: 20 });
  // Timers come next, before what was read.
  await turn();
  const asked = ask(() => access(import.meta.dirname).then(() => 'there'));
  const end = performance.now() + 60;
  while (performance.now() < end);
  assert.deepEqual(await asked, { answer: 'there' });
  assert.deepEqual(lines, []);
});
