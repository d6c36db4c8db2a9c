import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { openPalate, type Palate } from '../../src/index.ts';
import { anyEvent } from './fold/any-event.ts';

const tenants = ['', 'acme'] as const;

/** What happens to a server: a batch for a tenant, one of its earlier batches once more, or a restart. */
type Step =
  | { readonly kind: 'batch'; readonly tenant: (typeof tenants)[number]; readonly events: readonly Event[] }
  | { readonly kind: 'again'; readonly which: number }
  | { readonly kind: 'restart' };

/** Sessions run side by side and times go back and forth: `anyEvent` draws each from a few and any moment. */
const batch = fc.record({
  kind: fc.constant('batch' as const),
  tenant: fc.constantFrom(...tenants),
  events: fc.array(
    anyEvent.filter(({ payload }) => payload.case !== 'userErased'),
    { minLength: 1, maxLength: 12 },
  ),
});
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: batch },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  ),
  { minLength: 2, maxLength: 10 },
);

type Batch = Extract<Step, { kind: 'batch' }>;

/** Publishes each batch; `restarts`: also restarts where the steps say so. Answers the digests of the tenants. */
async function live(given: readonly Step[], restarts: boolean): Promise<readonly string[]> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'palate-determinism-'));
  // A snapshot every few events, so that most restarts begin with one.
  const everyEvents = restarts ? '7' : '0';
  const settings = { 'journal.durability': 'os', 'recommendation.snapshots.everyEvents': everyEvents };
  const open = () => openPalate({ dataFolder, settings });
  let palate = await open();
  try {
    const sent: Batch[] = [];
    for (const step of given) {
      if (step.kind === 'restart') {
        if (!restarts) continue;
        await palate.close();
        palate = await open();
      } else if (step.kind === 'batch') {
        await publish(palate, step, sent);
      } else if (sent.length > 0) {
        await publishAgain(palate, sent[step.which % sent.length]!);
      }
    }
    const before = await digests(palate);
    await palate.close();
    palate = await open();
    assert.deepEqual(await digests(palate), before, 'the state after a replay is another than the live one');
    return before;
  } finally {
    await palate.close();
    await rm(dataFolder, { recursive: true });
  }
}

async function publish(palate: Palate, step: Batch, sent: Batch[]): Promise<void> {
  const events = step.events.map((one) => create(EventSchema, { ...one, eventId: crypto.randomUUID() }));
  sent.push({ ...step, events });
  await palate.ingest.publish({ events }, { tenant: step.tenant });
}

async function publishAgain(palate: Palate, { events, tenant }: Batch): Promise<void> {
  const { accepted } = await palate.ingest.publish({ events: [...events] }, { tenant });
  assert.equal(accepted, 0, 'a duplicate was taken in');
}

function digests(palate: Palate): Promise<readonly string[]> {
  const ofTenant = async (tenant: string) =>
    (await palate.recommendation.getStateStatus({ liveDigest: true }, { tenant })).digest;
  return Promise.all(tenants.map(ofTenant));
}

describe('the state', () => {
  it('is the same after restarts at any point, duplicates and late events, as without them', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        assert.deepEqual(await live(given, true), await live(given, false));
      }),
      { numRuns: 12 },
    );
  });
});
