import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import { createSelection } from '../../src/recommendation/selection.ts';
import { nobody } from '../../src/recommendation/subject.ts';
import { keepYoung } from '../../src/threads/young-generation.ts';
import { tenantOf, viewed } from './tenant-fixture.ts';

const rules = {
  subject: nobody,
  excludeCurrent: false,
  excludeSeen: false,
  conditions: [],
  only: undefined,
  skip: 0,
  fewestJudged: 20,
  nowMicros: 0,
};

function oldBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'old_space')?.space_used_size ?? 0;
}

describe('a selection', () => {
  it('lets an item through once, and counts those it met', () => {
    const tenant = tenantOf(viewed('s', 'a', 'b'));
    const selection = createSelection(tenant, rules);
    const accepted = [0, 1, 0].map((item) => selection.accept(item, ''));
    assert.deepEqual([accepted, selection.position, selection.exhausted], [[true, true, false], 2, false]);
  });

  it('is not made old, or it would outlive each young collection with all of its call', () => {
    keepYoung();
    const tenant = tenantOf(viewed('s', 'a'));
    const make = (count: number) => {
      for (let i = 0; i < count; i++) createSelection(tenant, rules).accept(0, '');
    };
    const madeOld = () => {
      const before = oldBytes();
      make(20_000);
      return oldBytes() - before;
    };
    make(1_000);
    // What else the process makes old in a round (code, say) is not the selections' doing: theirs come with every round.
    const least = Math.min(madeOld(), madeOld(), madeOld());
    assert.ok(least < 2_000_000, `${least} bytes of 20,000 selections came to be old`);
  });
});
