import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Interner } from '../../../src/recommendation/fold/interner.ts';

describe('Interner', () => {
  it('does what a map of strings does, by text and by bytes', () => {
    const texts = fc.array(fc.oneof(fc.string({ maxLength: 9 }), fc.string({ unit: 'grapheme', maxLength: 5 })));
    fc.assert(
      fc.property(texts, fc.boolean(), (added, byBytes) => {
        const interner = new Interner();
        const known = new Map<string, number>();
        for (const text of added) {
          const number = known.get(text) ?? known.size;
          const bytes = Buffer.from(`<${text}>`);
          assert.equal(interner.find(bytes, 1, bytes.length - 1), known.get(text) ?? -1);
          known.set(text, number);
          assert.equal(byBytes ? interner.internBytes(bytes, 1, bytes.length - 1) : interner.intern(text), number);
        }
        assert.equal(interner.size, known.size);
        for (const [text, number] of known) {
          assert.equal(interner.numberOf(text), number);
          assert.equal(interner.textOf(number), text);
        }
      }),
    );
  });

  it('grows, and takes texts longer than a chunk', () => {
    const interner = new Interner();
    const long = 'y'.repeat(2_000_000);
    for (let n = 0; n < 150_000; n++) assert.equal(interner.intern(`item-${n}`), n);
    assert.equal(interner.intern(long), 150_000);
    assert.equal(interner.intern('after it'), 150_001);
    assert.equal(interner.textOf(150_000), long);
    assert.equal(interner.textOf(150_001), 'after it');
    for (let n = 0; n < 150_000; n += 1_111) assert.equal(interner.numberOf(`item-${n}`), n);
  });

  it('forgets a text that was wiped, and its bytes; its number is the next new text\u2019s', () => {
    const interner = new Interner();
    const before = interner.intern('ann');
    const other = interner.intern('bob');
    interner.wipe(before);
    assert.equal(interner.numberOf('ann'), undefined);
    assert.equal(interner.textOf(before), '');
    assert.equal(interner.intern('cleo'), before);
    assert.equal(interner.intern('ann'), 2);
    assert.equal(interner.numberOf('bob'), other);
    interner.wipe(2);
    interner.wipe(other);
    assert.deepEqual(
      ['dan', 'eve', 'flo'].map((text) => interner.intern(text)),
      [other, 2, 3],
    );
    assert.deepEqual([interner.textOf(before), interner.textOf(2), interner.size], ['cleo', 'eve', 4]);
  });
});
