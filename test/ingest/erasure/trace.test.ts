import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { Digester } from '../../../src/ingest/erasure/digester.ts';
import { type ErasedId, ErasedIds } from '../../../src/ingest/erasure/erased-ids.ts';
import { traceThings, traceVisitors } from '../../../src/ingest/erasure/trace.ts';
import { isTheirs } from '../../../src/ingest/erasure/whose.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { anyEvent } from '../../recommendation/fold/any-event.ts';
import { event } from '../../recommendation/fold/events.ts';
import { feedOf, type OpenJournal, openTemporaryJournal } from '../../recommendation/journal-fixture.ts';
import { recordsOf } from './whose-records.ts';

const digester = new Digester(new Uint8Array(32).fill(7));
const { signal } = new AbortController();

/** More merges than in other tests. The journal of a server has no `UserErased` that names anybody. */
const merge = fc
  .record({ user: fc.constantFrom('ann', 'bob'), visitor: fc.constantFrom('v1', 'v2', 'v3') })
  .map((who) => event('identityMerged', {}, who));
const events = fc.array(
  fc.oneof({ weight: 6, arbitrary: anyEvent.filter(({ payload }) => payload.case !== 'userErased') }, merge),
  { minLength: 1, maxLength: 60 },
);

function userOf(userId: string): ErasedId {
  const id = Buffer.from(userId);
  const quick = digester.quick(id, 0, id.length);
  const to = Number.POSITIVE_INFINITY;
  return { tenant: '', kind: 'user', digest: digester.digest('', 'user', id), quick, from: 0, to };
}

async function traced(journal: Journal, user: ErasedId): Promise<readonly ErasedId[]> {
  const visitors = await traceVisitors({ journal, digester, known: [user], signal });
  const known = [user, ...visitors];
  return [...known, ...(await traceThings({ journal, digester, known, signal }))];
}

async function withJournal<Result>(run: (open: OpenJournal) => Promise<Result>): Promise<Result> {
  const open = await openTemporaryJournal();
  try {
    return await run(open);
  } finally {
    await open.close();
  }
}

const append = (open: OpenJournal, all: readonly Event[]) =>
  open.appendBytes(...all.map((one) => toBinary(EventSchema, one)));

async function placesLeft({ journal }: OpenJournal): Promise<number[]> {
  const records = (await Array.fromAsync(journal.read({ afterSequence: 0 }))).flat();
  return records.filter(({ kind }) => kind === 'event').map(({ sequence }) => sequence - 1);
}

describe('what goes with a user', () => {
  test('is what the rule says, and the state is that of a journal that never had it', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (all) => {
        const goes = recordsOf('ann', all);
        await withJournal(async (open) => {
          await append(open, all);
          const gone = new ErasedIds(digester, await traced(open.journal, userOf('ann')));
          await open.journal.rewrite({ erase: (record) => isTheirs(gone, record) });
          assert.deepEqual(
            await placesLeft(open),
            [...all.keys()].filter((at) => !goes.has(at)),
          );
          await withJournal(async (without) => {
            const others = all.filter((_, at) => !goes.has(at));
            if (others.length > 0) await append(without, others);
            assert.equal(await stateDigest(open), await stateDigest(without));
          });
        });
      }),
      { numRuns: 60 },
    );
  });

  test('is found by digests alone, whatever part of it went before', async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 0, max: 59 }), async (all, cut) => {
        const goes = recordsOf('ann', all);
        await withJournal(async (open) => {
          await append(open, all);
          const plan = await traced(open.journal, userOf('ann'));
          // As after a crash in the middle: the older part is erased, and it had the words on who is who.
          const first = new ErasedIds(digester, plan);
          await open.journal.rewrite({ erase: (record) => record.sequence <= cut && isTheirs(first, record) });
          const restored = plan.map((id) => ({ ...id, quick: undefined }));
          const again = new ErasedIds(digester, [...restored, ...(await traced(open.journal, userOf('ann')))]);
          await open.journal.rewrite({ erase: (record) => isTheirs(again, record) });
          assert.deepEqual(
            await placesLeft(open),
            [...all.keys()].filter((at) => !goes.has(at)),
          );
        });
      }),
      { numRuns: 40 },
    );
  });

  test('leaves no event with the user’s id', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (all) => {
        await withJournal(async (open) => {
          await append(open, all);
          const gone = new ErasedIds(digester, await traced(open.journal, userOf('bob')));
          await open.journal.rewrite({ erase: (record) => isTheirs(gone, record) });
          for (const records of await Array.fromAsync(open.journal.read({ afterSequence: 0 }))) {
            for (const { kind, event: bytes } of records) {
              if (kind === 'event') assert.notEqual(fromBinary(EventSchema, bytes).userId, 'bob');
            }
          }
        });
      }),
      { numRuns: 30 },
    );
  });
});

async function stateDigest(open: OpenJournal): Promise<string> {
  const feed = feedOf(open);
  await feed.start();
  const tenant = feed.state.tenant('');
  await feed.stop();
  return tenant === undefined ? '' : digestOf(tenant);
}
