import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { folded } from '../fold/events.ts';
import { eventAt } from './kept-process.ts';
import { openShadow } from './shadow-fixture.ts';

const script = fileURLToPath(new URL('kept-process.ts', import.meta.url));

/** Kills a process that writes snapshots and drops segments, and looks at what it left. The folder serves many rounds. */
export async function killedRound(folder: string): Promise<void> {
  const acknowledged = await runAndKill(folder, Math.random() * 120);
  const open = await openShadow(folder, { segmentBytes: 8_192 });
  const { firstSequence, durableSequence } = open.journal.status();
  assert.ok(durableSequence >= acknowledged, `${durableSequence} of ${acknowledged}`);
  assert.ok(firstSequence > 1);
  assert.deepEqual(open.unusable, []);
  const all = Array.from({ length: durableSequence }, (_, at) => eventAt(at + 1));
  assert.equal(digestOf(open.feed.state.tenant('')!), digestOf(folded(all)));
  await open.close();
}

/** Kills it at some moment after it has dropped something; answers the last sequence acknowledged. */
async function runAndKill(folder: string, pauseMillis: number): Promise<number> {
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'dropped') setTimeout(() => child.kill('SIGKILL'), pauseMillis);
    else acknowledged = Number(line);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL');
  return acknowledged;
}
