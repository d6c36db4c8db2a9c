import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isPalateError, PalateError } from '../../../src/errors.ts';
import { Admission, type Lease } from '../../../src/scoring/stages/admit.ts';
import { VirtualClock } from '../batcher/virtual-clock.ts';

const anytime = Number.POSITIVE_INFINITY;

function admission(limits: { maxImages: number; maxBytes: number; reserve?: number }) {
  const clock = new VirtualClock();
  return { clock, door: new Admission({ clock, ...limits }) };
}

/** As many leases as the tenant gets. */
function fill(door: Admission, tenant: string, bytes = 1): Lease[] {
  const leases: Lease[] = [];
  try {
    for (;;) leases.push(door.admit({ tenant, bytes, deadlineMillis: anytime }));
  } catch (error) {
    assert.ok(isPalateError(error) && error.reason === 'OVERLOADED');
    return leases;
  }
}

describe('Admission', () => {
  test('refuses at once what finds no room, by images or by bytes', () => {
    const { door } = admission({ maxImages: 10, maxBytes: 1_000, reserve: 0 });
    assert.equal(fill(door, 'a', 10).length, 10);
    const { door: narrow } = admission({ maxImages: 10, maxBytes: 1_000, reserve: 0 });
    assert.equal(fill(narrow, 'a', 300).length, 3);
    assert.deepEqual(narrow.underWay, { images: 3, bytes: 900 });
  });

  test('refuses what has no time left, and what there is never room for', async () => {
    const { clock, door } = admission({ maxImages: 10, maxBytes: 1_000 });
    await clock.run(50);
    assert.throws(() => door.admit({ tenant: '', bytes: 1, deadlineMillis: 50 }), { reason: 'DEADLINE_EXCEEDED' });
    assert.throws(() => door.admit({ tenant: '', bytes: 1_001, deadlineMillis: 51 }), { reason: 'TOO_LARGE' });
    door.admit({ tenant: '', bytes: 1_000, deadlineMillis: 51 }).release();
    assert.deepEqual(door.underWay, { images: 0, bytes: 0 });
  });

  test('gives room back once, however often it is told to', () => {
    const { door } = admission({ maxImages: 2, maxBytes: 100 });
    const lease = door.admit({ tenant: '', bytes: 5, deadlineMillis: anytime });
    const other = door.admit({ tenant: 'b', bytes: 7, deadlineMillis: anytime });
    for (let times = 0; times < 3; times++) lease.release();
    lease.resize(50);
    assert.deepEqual(door.underWay, { images: 1, bytes: 7 });
    other.release();
    assert.deepEqual(door.underWay, { images: 0, bytes: 0 });
  });

  test('counts the limit while a photo is read, and its size from then on', () => {
    const { door } = admission({ maxImages: 10, maxBytes: 100, reserve: 0 });
    const [first, second] = [1, 2].map(() => door.admit({ tenant: '', bytes: 0, deadlineMillis: anytime }));
    first!.resize(80);
    assert.throws(() => second!.resize(80), { reason: 'OVERLOADED' });
    first!.resize(20);
    second!.resize(80);
    assert.deepEqual(door.underWay, { images: 2, bytes: 100 });
  });

  test('keeps room for a tenant that comes while another has all that it may', () => {
    const { door } = admission({ maxImages: 64, maxBytes: 6_400 });
    const greedy = fill(door, 'greedy', 10);
    assert.equal(greedy.length, 56);
    assert.equal(fill(door, 'newcomer', 10).length, 8);
    greedy[0]!.resize(1);
    assert.equal(door.underWay.bytes, 631, 'to need less is always allowed');
    // What leaves is the newcomer's until it has its share.
    for (const lease of greedy.slice(0, 16)) lease.release();
    assert.equal(fill(door, 'newcomer', 10).length, 13, 'a third of 64 is 21');
    assert.equal(fill(door, 'greedy', 10).length, 0);
  });

  test('tells when to come again by how fast images have been leaving', async () => {
    const { clock, door } = admission({ maxImages: 8, maxBytes: 1_000, reserve: 0 });
    const leases = fill(door, '');
    for (let round = 1; round <= 200; round++) {
      await clock.run(round * 5);
      leases.shift()!.release();
      leases.push(door.admit({ tenant: '', bytes: 1, deadlineMillis: anytime }));
    }
    const retryMillis = () => {
      try {
        door.admit({ tenant: '', bytes: 1, deadlineMillis: anytime });
      } catch (error) {
        return error instanceof PalateError ? error.retryAfterMillis : undefined;
      }
      return undefined;
    };
    assert.equal(retryMillis(), 40, 'eight images, one each 5 ms');
    await clock.run(1_000 + 3_000);
    assert.equal(retryMillis(), 3_000, 'nothing has left for 3 s');
  });

  test('does not take the time that nobody came for slowness', async () => {
    const { clock, door } = admission({ maxImages: 3, maxBytes: 100, reserve: 0 });
    for (const at of [0, 600_000]) {
      await clock.run(at);
      const lease = door.admit({ tenant: '', bytes: 1, deadlineMillis: anytime });
      await clock.run(at + 20);
      lease.release();
    }
    fill(door, '');
    assert.throws(
      () => door.admit({ tenant: '', bytes: 1, deadlineMillis: anytime }),
      (error) => isPalateError(error) && error.retryAfterMillis === 60,
    );
  });

  test('never holds more than it may, and ends with nothing, whatever comes and goes', () => {
    const step = fc.record({
      kind: fc.constantFrom('admit', 'admit', 'release', 'resize'),
      tenant: fc.constantFrom('', 'a', 'b'),
      bytes: fc.nat(60),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (steps, maxImages) => {
        const maxBytes = 200;
        const { door } = admission({ maxImages, maxBytes });
        const held: { lease: Lease; bytes: number }[] = [];
        for (const { kind, tenant, bytes, which } of steps) {
          const at = which % Math.max(1, held.length);
          const one = held[at];
          try {
            if (kind === 'admit') held.push({ lease: door.admit({ tenant, bytes, deadlineMillis: anytime }), bytes });
            if (kind === 'release' && one !== undefined) held.splice(at, 1)[0]!.lease.release();
            if (kind === 'resize' && one !== undefined) {
              one.lease.resize(bytes);
              one.bytes = bytes;
            }
          } catch (error) {
            assert.ok(isPalateError(error) && error.reason === 'OVERLOADED');
          }
          const { images, bytes: total } = door.underWay;
          assert.deepEqual([images, total], [held.length, held.reduce((sum, lease) => sum + lease.bytes, 0)]);
          assert.ok(images <= maxImages && total <= maxBytes);
        }
        for (const { lease } of held) lease.release();
        assert.deepEqual(door.underWay, { images: 0, bytes: 0 });
      }),
    );
  });
});
