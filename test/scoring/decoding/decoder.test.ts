import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PalateError } from '../../../src/errors.ts';
import type { DecodeTarget } from '../../../src/scoring/decoding/decode.ts';
import { Decoder } from '../../../src/scoring/decoding/decoder.ts';
import { picture } from './images.ts';

const target: DecodeTarget = { size: 64, fit: 'cover', kernel: 'cubic' };
const never = Number.POSITIVE_INFINITY;

describe('Decoder', () => {
  it('decodes, and tells how long that took', async () => {
    const decoder = new Decoder();
    const decoded = await decoder.decode(await picture(300, 200).jpeg().toBuffer(), target, { deadlineMillis: never });
    assert.deepEqual([decoded.width, decoded.height, decoded.format], [300, 200, 'jpeg']);
    assert.ok(decoded.decodeMicros > 0 && decoded.queueMicros >= 0);
  });

  it('a bad photo fails alone', async () => {
    const decoder = new Decoder({ parallel: 1 });
    const good = await picture(300, 200).jpeg().toBuffer();
    const answers = await Promise.allSettled(
      [good, good.subarray(0, 400), good].map((bytes) => decoder.decode(bytes, target, { deadlineMillis: never })),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.equal((answers[1] as PromiseRejectedResult).reason.reason, 'UNREADABLE');
  });

  it('lets so many wait and refuses the next, what is late, and what nobody wants', async () => {
    const decoder = new Decoder({ parallel: 1, maxQueued: 2 });
    const bytes = await picture(1_000, 1_000).png().toBuffer();
    const controller = new AbortController();
    const running = decoder.decode(bytes, target, { deadlineMillis: never });
    const dropped = decoder.decode(bytes, target, { deadlineMillis: never, signal: controller.signal });
    const waiting = decoder.decode(bytes, target, { deadlineMillis: never });
    assert.equal(decoder.queued, 2);
    await assert.rejects(decoder.decode(bytes, target, { deadlineMillis: never }), { reason: 'OVERLOADED' });
    await assert.rejects(decoder.decode(bytes, target, { deadlineMillis: Date.now() - 1 }), {
      reason: 'DEADLINE_EXCEEDED',
    });
    const unwanted = new Error('the caller left');
    controller.abort(unwanted);
    await assert.rejects(dropped, unwanted);
    const closed = new PalateError('SHUTTING_DOWN', 'bye');
    await running;
    decoder.close(closed);
    await waiting;
    await assert.rejects(decoder.decode(bytes, target, { deadlineMillis: never }), closed);
  });
});
