import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TextTable } from '../../../src/recommendation/fold/text-table.ts';

const text = fc.oneof(
  fc.string({ maxLength: 9 }),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
  fc.nat(40).map(String),
);

describe('TextTable', () => {
  it('does what a map of strings does, through additions, changes and removals', () => {
    const step = fc.tuple(text, fc.integer(), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new TextTable();
        const expected = new Map<string, number>();
        for (const [one, value, removes] of steps) {
          const bytes = Buffer.from(`<${one}>`);
          const to = bytes.length - 1;
          const address = table.find(bytes, 1, to);
          assert.equal(address !== 0, expected.has(one));
          if (address === 0) table.add(bytes, 1, to, value);
          else if (removes) table.remove(address);
          else table.setValue(address, value);
          if (address !== 0 && removes) expected.delete(one);
          else expected.set(one, value);
        }
        assert.equal(table.size, expected.size);
        for (const [one, value] of expected) {
          const bytes = Buffer.from(one);
          const address = table.find(bytes, 0, bytes.length);
          assert.equal(table.valueAt(address), value);
          assert.equal(table.textAt(address), one);
        }
        assert.deepEqual(new Set([...table.addresses()].map((at) => table.textAt(at))), new Set(expected.keys()));
      }),
    );
  });

  it('finds every text, and no removed one, at each addition while it grows', () => {
    const table = new TextTable();
    const bytesOf = (one: number) => Buffer.from(`text ${one}`);
    const find = (one: number) => table.find(bytesOf(one), 0, bytesOf(one).length);
    const held = new Set<number>();
    for (let one = 0; one < 1_200; one++) {
      table.add(bytesOf(one), 0, bytesOf(one).length, one);
      held.add(one);
      // Some long there, some just come: of either table, moved and not.
      for (const other of [one - 1, Math.floor(one / 3)].filter((each) => each % 5 === 0 && held.has(each))) {
        table.remove(find(other));
        held.delete(other);
      }
      if (one % 7 === 0 || one > 1_000)
        for (let each = 0; each <= one; each++) assert.equal(find(each) !== 0, held.has(each), `${each} after ${one}`);
    }
    assert.equal(table.size, held.size);
    for (const one of held) assert.equal(table.valueAt(find(one)), one);
  });

  it('keeps nothing of a text that was removed, and takes its place for another', () => {
    const table = new TextTable();
    const [first, second] = [Buffer.from('ann@example.org'), Buffer.from('bob@example.org')];
    const address = table.add(first, 0, first.length, 1);
    table.remove(address);
    assert.equal(table.textAt(address), '');
    assert.equal(table.find(first, 0, first.length), 0);
    assert.equal(table.add(second, 0, second.length, 2), address);
  });
});
