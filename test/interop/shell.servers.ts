/** The example scripts of a shell: grpcurl and `buf curl`. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, readMessages } from './every-method.ts';
import { runProgram } from './run-program.ts';
import { photo, setStage, statusDetailsOf } from './story.ts';

const { palate, unready } = await setStage({ after });

const scripts = [
  { script: 'grpcurl.sh', code: 3, invalid: 67, late: 68, timedOut: 4, unavailable: 14 },
  {
    script: 'buf-curl.sh',
    code: 'invalid_argument',
    invalid: 24,
    late: 32,
    timedOut: 'deadline_exceeded',
    unavailable: 'unavailable',
  },
] as const;

for (const { script, code, invalid, late, timedOut, unavailable } of scripts) {
  test(script, async (t) => {
    const path = fileURLToPath(new URL(`./shell/${script}`, import.meta.url));
    const output = await runProgram('bash', [path, palate.grpc, photo, unready.grpc]);
    assert.equal(output.code, 0, output.stdout + output.stderr);
    const steps = new Map(
      output.stdout
        .split(/^== /m)
        .slice(1)
        .map((step) => [/^\w+/.exec(step)?.[0] ?? '', readMessages(step.slice(step.indexOf('\n')))] as const),
    );
    const looks: Readonly<Record<string, (answers: readonly Answer[]) => void>> = {
      published: (acks) =>
        assert.deepEqual(
          acks.map(({ accepted, duplicates }) => [accepted ?? 0, duplicates ?? 0]),
          [
            [3, 0],
            [2, 0],
            [1, 0],
            [0, 3],
          ],
        ),
      recommended: ([{ items }]) =>
        assert.deepEqual(
          items.map(({ itemId }: Answer) => itemId),
          ['cheese', 'bread'],
        ),
      scored: ([{ score, labels }]) => assert.ok(score > 4 && labels[0].name === 'Banana'),
      refused: ([error, { exit }]) => {
        assert.deepEqual([error.code, exit], [code, invalid]);
        assert.deepEqual(statusDetailsOf(error), {
          reason: 'INVALID_REQUEST',
          fields: ['placement', 'limit'],
          delay: undefined,
        });
      },
      deadline: (answers) => {
        assert.ok(answers.some(({ records }) => records?.length > 0));
        assert.deepEqual(
          answers.slice(-2).map((each) => each.code ?? each.exit),
          [timedOut, late],
        );
      },
      cancelled: (answers) => assert.equal(answers.find(({ exit }) => exit !== undefined)?.exit, 124),
      retried: ([first, second, third]) => {
        assert.deepEqual([first.code, second.code], [unavailable, unavailable]);
        assert.deepEqual(statusDetailsOf(first), { reason: 'STARTING', fields: [], delay: '0.050s' });
        assert.equal(third.items[0].itemId, 'attempt 3');
      },
    };
    assert.deepEqual([...steps.keys()], Object.keys(looks));
    for (const [step, look] of Object.entries(looks)) await t.test(step, () => look(steps.get(step)!));
  });
}
