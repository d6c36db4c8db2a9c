import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Durability, Journal } from '../../src/journal/journal.ts';
import { newDisk, noTrace, openOn, readAll } from './journals.ts';
import { randomFrom, type SimulatedDisk } from './simulated-disk.ts';

/** What was appended under each sequence, and up to where it was acknowledged. */
interface Model {
  events: Uint8Array[];
  acknowledged: number;
}

const options = (durability: Durability) => ({ durability, segmentBytes: 12_000 });

/** Appends until the power goes; waits for some of the batches and not for others. */
async function appendUntilCrash(journal: Journal, model: Model, random: () => number): Promise<void> {
  const waits: Promise<void>[] = [];
  for (let batch = 0; batch < 12 && journal.status().state === 'open'; batch++) {
    const events = Array.from({ length: 1 + Math.floor(random() * 6) }, () => randomEvent(random));
    const { firstSequence, lastSequence, durable } = journal.append({ tenant: 'a', trace: noTrace, events });
    assert.equal(firstSequence, model.events.length + 1);
    model.events.push(...events);
    const acknowledged = durable.then(
      () => {
        model.acknowledged = Math.max(model.acknowledged, lastSequence);
      },
      () => undefined,
    );
    waits.push(acknowledged);
    if (random() < 0.6) await acknowledged;
  }
  if (random() < 0.5) await journal.close().catch(() => undefined);
  await Promise.all(waits);
}

function randomEvent(random: () => number): Uint8Array {
  const length = Math.floor(random() * (random() < 0.2 ? 6_000 : 300));
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** Everything acknowledged is there, as it was, and what is there is the beginning of what was appended. */
async function assertPrefix(journal: Journal, model: Model, atLeast: number): Promise<void> {
  const records = await readAll(journal);
  assert.ok(records.length >= atLeast, `${atLeast} were acknowledged, ${records.length} are there`);
  for (const [at, { sequence, event }] of records.entries()) {
    assert.equal(sequence, at + 1);
    assert.deepEqual(event, model.events[at]);
  }
  assert.equal(journal.status().durableSequence, records.length);
  model.events = model.events.slice(0, records.length);
  model.acknowledged = records.length;
}

/** Opens, and opens again after each crash that comes while opening. */
async function reopened(disk: SimulatedDisk, durability: Durability, random: () => number) {
  disk.callsLeft = Math.floor(random() * 6);
  try {
    const journal = await openOn(disk, options(durability));
    disk.callsLeft = Number.POSITIVE_INFINITY;
    return { journal, disk };
  } catch (error) {
    assert.equal((error as { reason?: string }).reason, 'JOURNAL_FAILED', String(error));
    const after = disk.crash();
    return { journal: await openOn(after, options(durability)), disk: after };
  }
}

test('after a crash at any call everything acknowledged is there, and nothing else than a beginning', async () => {
  const property = fc.asyncProperty(fc.nat(), fc.nat({ max: 40 }), async (seed, firstCrash) => {
    const random = randomFrom(seed);
    const model: Model = { events: [], acknowledged: 0 };
    let disk = newDisk(seed);
    let journal: Journal | undefined;
    for (let round = 0; round < 4; round++) {
      ({ journal, disk } = await reopened(disk, 'disk', random));
      await assertPrefix(journal, model, model.acknowledged);
      disk.callsLeft = round === 0 ? firstCrash : Math.floor(random() * 40);
      await appendUntilCrash(journal, model, random);
      disk = disk.crash();
    }
    journal = await openOn(disk, options('disk'));
    await assertPrefix(journal, model, model.acknowledged);
    await journal.close();
  });
  await fc.assert(property, { numRuns: 150 });
});

test("with durability 'os' a killed process loses nothing, and a power cut leaves a beginning", async () => {
  const property = fc.asyncProperty(fc.nat(), fc.nat({ max: 30 }), fc.boolean(), async (seed, calls, power) => {
    const random = randomFrom(seed);
    const model: Model = { events: [], acknowledged: 0 };
    const disk = newDisk(seed);
    const journal = await openOn(disk, options('os'));
    disk.callsLeft = calls;
    await appendUntilCrash(journal, model, random);
    const after = await openOn(power ? disk.crash() : disk.kill(), options('os'));
    await assertPrefix(after, model, power ? 0 : model.acknowledged);
    await after.close();
  });
  await fc.assert(property, { numRuns: 100 });
});
