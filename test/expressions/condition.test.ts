import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPalateError, type PalateError } from '../../src/errors.ts';
import { compileCondition } from '../../src/expressions/condition.ts';
import type { CustomValue, ItemView } from '../../src/expressions/item-view.ts';

const apple: ItemView = {
  id: 'apple',
  title: 'Red apple',
  type: 'product',
  categories: ['fruit/apple', 'fruit'],
  tags: ['red', 'sweet'],
  price: 2.5,
  currency: 'EUR',
  brand: 'own',
  stock: 'in_stock',
  custom: new Map<string, CustomValue>([
    ['colour', 'red'],
    ['weight', 0.2],
    ['organic', true],
    ['sizes', ['s', 'm']],
  ]),
};
const bare: ItemView = { id: 'bare', categories: [], tags: [], stock: 'in_stock', custom: new Map() };

function refusal(text: string): PalateError {
  try {
    compileCondition(text);
  } catch (error) {
    assert.ok(isPalateError(error));
    assert.equal(error.reason, 'INVALID_FILTER');
    return error;
  }
  assert.fail(`${text} compiled`);
}

describe('a condition', () => {
  for (const text of [
    'item.price < 10.0 && "fruit" in item.categories',
    'item.price < 10',
    'item.price == 2.5',
    'item.id == "apple" && item.type == "product" && item.currency == "EUR"',
    'item.custom["colour"] == "red" && item.custom.weight < 1 && item.custom.organic',
    '"m" in item.custom.sizes',
    'item.custom.organic',
    'item.tags.exists(t, t.startsWith("sw"))',
    'item.title.lowerAscii().contains("apple")',
    'item.title.matches("^Red [a-z]+$")',
    'has(item.price) && !has(item.description) && has(item.custom.colour) && !has(item.custom.shape)',
    'item.stock == "in_stock" ? item.price > 1.0 : false',
    'size(item.tags) == 2',
  ]) {
    it(`matches by ${text}`, () => assert.equal(compileCondition(text).matches(apple), true));
  }

  it('does not match an item that lacks what it reads, and never throws', () => {
    for (const text of [
      'item.price < 10.0',
      'item.brand != "x"',
      'item.custom.colour == "red"',
      'item.custom["n"] > 1',
    ]) {
      assert.equal(compileCondition(text).matches(bare), false, text);
    }
    assert.equal(compileCondition('!has(item.price) || item.price < 1.0').matches(bare), true);
  });

  it('reads only the fields that it names', () => {
    const read: string[] = [];
    const watched = new Proxy(apple, {
      get(view, name) {
        read.push(String(name));
        return view[name as keyof ItemView];
      },
    });
    compileCondition('item.price < 9.0 && item.tags.exists(t, t == "x")').matches(watched);
    assert.deepEqual(read.toSorted(), ['price', 'tags']);
    assert.ok(compileCondition('item["title"] == "Red apple"').matches(watched));
    assert.ok(compileCondition('["a"].exists(item, item == "a") && size(item) > 3').matches(watched));
  });

  it('does not match where the answer is not true or false, when only the item tells', () => {
    assert.equal(compileCondition('item.custom.colour').matches(apple), false);
  });

  it('is refused with the place where it stops to parse', () => {
    const error = refusal('item.price < 10.0 &&\n  foo(1) bar');
    assert.match(error.message, /line 2, column 10/);
    assert.deepEqual(error.metadata, { line: '2', column: '10' });
    assert.equal(error.violations[0]?.field, 'filter');
  });

  it('is refused where it names what does not exist, with the place', () => {
    assert.match(refusal('item.price < 1.0 && nosuch.x == 1').message, /column 21.*"nosuch"/);
    assert.match(refusal('item.prise < 1.0').message, /column 5.*no "prise"/);
    assert.match(refusal('nosuch(item.price)').message, /no function "nosuch"/);
    assert.match(refusal('item.tags.exists(t, u == "x")').message, /"u" is not known/);
    assert.match(refusal('item.title.matches("(")').message, /pattern/);
  });

  it('is refused where it cannot be true or false', () => {
    for (const text of [
      '1',
      '"a"',
      'item.price',
      'item.price + 1.0',
      '[true]',
      '{"a": true}',
      'size(item.tags)',
      'item',
      'true ? 1 : 2',
    ]) {
      assert.match(refusal(text).message, /must be true or false/, text);
    }
  });

  it('is refused where it is too large, too deep, or loops within loops within loops', () => {
    refusal(`item.title == "${'x'.repeat(5_000)}"`);
    assert.match(refusal(Array(150).fill('item.price < 1.0').join(' && ')).message, /parts/);
    assert.match(refusal(`${'['.repeat(110)}${']'.repeat(110)}`).message, /deep/);
    assert.match(refusal('item.title.split("").exists(c, c == "x")').message, /no function "split"/);
    const costly = Array(20).fill('a != b').join(' && ');
    assert.match(refusal(`item.tags.all(a, item.tags.all(b, ${costly}))`).message, /costs too much/);
    refusal('('.repeat(2_000));
    refusal('item.tags.all(a, item.tags.all(b, item.tags.all(c, a == b)))');
    assert.ok(compileCondition('item.tags.exists(a, ["x", "y"].exists(b, a == b))').cost > 1_000);
  });

  it('compiles or is refused, whatever the text, and never throws on an item', () => {
    const piece = fc.constantFrom(
      'item',
      '.price',
      '.tags',
      ' && ',
      ' < ',
      '1.0',
      '"a"',
      '(',
      ')',
      '[',
      ']',
      ' in ',
      '!',
      '.exists(x, ',
      'x',
      '?',
      ':',
      '\n',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
        ),
        (text) => {
          try {
            compileCondition(text).matches(bare);
          } catch (error) {
            assert.ok(isPalateError(error) && error.reason === 'INVALID_FILTER', String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
