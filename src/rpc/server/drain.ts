import { setTimeout as sleep } from 'node:timers/promises';
import { type Gate, shuttingDown } from './gate.ts';

/** How often a draining server looks whether its calls are done. */
const lookMillis = 10;
/** How long the last statuses may take to be written. */
const farewellMillis = 50;

/** Lets the calls under way finish; after the bound, or when `signal` aborts, ends them with SHUTTING_DOWN. */
export async function drainCalls(gate: Gate, boundMillis: number, signal: AbortSignal): Promise<void> {
  const until = Date.now() + boundMillis;
  while (gate.calls.size > 0 && Date.now() < until && !signal.aborted) await sleep(lookMillis);
  if (gate.calls.size > 0) {
    for (const call of [...gate.calls]) call.cutOff(shuttingDown());
  }
  await sleep(farewellMillis);
}
