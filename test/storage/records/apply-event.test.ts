import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { timestampOf } from '../../../src/events/timestamp.ts';
import { newUuid } from '../../../src/events/uuid.ts';
import { applyReviewed, applyScored } from '../../../src/storage/records/apply-event.ts';
import { openLmdbScoreRecords } from '../../../src/storage/records/lmdb-score-records.ts';
import type { ScoreRecords } from '../../../src/storage/records/score-records.ts';
import { hashOf, pagedThrough, queryOf, wordOn } from './suite.ts';

const folder = await mkdtemp(join(tmpdir(), 'palate-records-'));
after(() => rm(folder, { recursive: true }));

let opened = 0;
const open = () => openLmdbScoreRecords(join(folder, String(opened++)), { warn() {} });

const atMicros = 1_700_000_000_000_000;
const ids = [newUuid(), newUuid(), newUuid()];

function scoredEvent(photo: number, score: number, secondsLater: number): Event {
  return create(EventSchema, {
    eventId: newUuid(),
    userId: `user ${photo}`,
    occurredAt: timestampOf(atMicros + secondsLater * 1e6),
    payload: {
      case: 'mealScored',
      value: {
        imageId: ids[photo]!,
        sha256: hashOf(`photo ${photo}`),
        score,
        labels: [{ name: 'Pizza', confidence: 0.5 }],
        model: { name: 'food', version: '1' },
        itemId: 'pizza',
      },
    },
  });
}

function reviewedEvent(photo: number, score: number, secondsLater: number): Event {
  return create(EventSchema, {
    eventId: newUuid(),
    occurredAt: timestampOf(atMicros + secondsLater * 1e6),
    payload: { case: 'mealReviewed', value: { imageId: ids[photo]!, score, reviewerId: 'ann', labels: ['Bagel'] } },
  });
}

/** A review comes before its score; photo 2 has none. */
const journal = [
  reviewedEvent(1, 5, 20),
  scoredEvent(0, 2, 0),
  scoredEvent(1, 3, 10),
  reviewedEvent(0, 1, 30),
  scoredEvent(0, 4, 40),
  reviewedEvent(2, 2, 50),
];

async function apply(records: ScoreRecords, events: readonly Event[]): Promise<void> {
  const estimate = (labels: readonly { confidence: number }[]) => labels[0]?.confidence ?? 0;
  for (const event of events) {
    await applyScored(records, '', event, estimate);
    await applyReviewed(records, '', event);
  }
}

const all = queryOf({ includeReviewed: true });

it('builds the records from the journal', async () => {
  const records = await open();
  await apply(records, journal);
  const [first, second] = await Promise.all(ids.map((id) => records.get('', id)));
  assert.deepEqual([first?.record.score, first?.record.modelScore, first?.record.userId], [1, 4, 'user 0']);
  assert.deepEqual([second?.record.score, second?.record.modelScore], [5, 3]);
  assert.equal(second?.record.uncertainty, 0.5);
  assert.equal(second?.record.itemId, 'pizza');
  assert.equal((await pagedThrough(records, '', all)).length, 2);
  await records.close();
});

it('comes to the same when a part is applied again', async () => {
  const once = await open();
  await apply(once, journal);
  const expected = await pagedThrough(once, '', all);
  for (let from = 0; from < journal.length; from++) {
    const again = await open();
    await apply(again, journal);
    await apply(again, journal.slice(from));
    assert.deepEqual(await pagedThrough(again, '', all), expected);
    await again.close();
  }
  await once.close();
});

it('leaves what is known better', async () => {
  const records = await open();
  const word = wordOn('photo 0', { imageId: ids[0]!, score: 2, uncertainty: 0.125, provider: 'cuda' });
  await records.put('', { ...word, scoredAtMicros: atMicros });
  await apply(records, [scoredEvent(0, 2, 0)]);
  const kept = await records.find('', hashOf('photo 0'));
  assert.deepEqual([kept?.record.uncertainty, kept?.provider, kept?.record.userId], [0.125, 'cuda', 'user 0']);
  await records.close();
});
