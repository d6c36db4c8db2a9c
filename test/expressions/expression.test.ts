import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCelError } from '@bufbuild/cel';
import { compileExpression, type Expression, placeIn, quotedFrom } from '../../src/expressions/expression.ts';
import { createVocabulary, type Meaning } from '../../src/expressions/vocabulary.ts';

const person: Meaning = { type: 'map', fields: { name: { type: 'text' }, tags: { type: 'list' } } };
const people: Meaning = { type: 'list', maxLength: 4, elements: person };
const vocabulary = createVocabulary({
  age: { type: 'number' },
  owner: person,
  friends: people,
  extra: { type: 'map' },
});

const ann = { name: 'ann', tags: ['x'] };
const values = { age: 30n, owner: ann, friends: [ann, { name: 'bob', tags: [] }], extra: { anything: 1 } };

function compiled(text: string): Expression {
  const expression = compileExpression(vocabulary, text);
  assert.ok(
    !('problem' in expression),
    `${text}: ${JSON.stringify(expression, (key, value) => (key === 'cause' ? '' : value))}`,
  );
  return expression;
}

function problem(text: string): string {
  const expression = compileExpression(vocabulary, text);
  assert.ok('problem' in expression, text);
  return `${placeIn(text, expression.offset).column}: ${expression.problem}`;
}

describe('an expression', () => {
  it('goes by every name of its vocabulary', () => {
    for (const text of [
      'age >= 18 && age % 2 == 0',
      'owner.name == "ann" && "x" in owner.tags',
      'friends.exists(f, f.name == "bob")',
      'friends.filter(f, f.name != "ann")[0].name == "bob"',
      'extra.anything == 1',
      'friends.map(f, f.name).exists(name, name == "bob")',
    ]) {
      assert.equal(compiled(text).evaluate(values), true, text);
    }
  });

  it('gives a failure as a value', () => {
    assert.ok(isCelError(compiled('friends[7].name == "ann"').evaluate(values)));
  });

  it('says what it reads', () => {
    const { reads } = compiled('owner.name == "a" || friends.exists(owner, owner.tags == [])');
    assert.deepEqual([...reads.keys()], ['owner']);
    assert.deepEqual([...reads.get('owner')!], ['name']);
    assert.deepEqual([...compiled('owner == extra').reads.get('owner')!], ['name', 'tags']);
  });

  it('is refused where an element of a list has no such field', () => {
    assert.equal(problem('owner.nam == "a"'), '6: owner has no "nam": it has name, tags');
    assert.match(problem('friends.exists(f, f.nam == "a")'), /^20: f has no "nam"/);
    assert.match(problem('friends[0].nam == "a"'), /this has no "nam"/);
    assert.match(problem('friends.filter(f, age > 1).exists(g, g.nam == "a")'), /g has no "nam"/);
    assert.match(
      problem('friends.filter(f, f.filter(g, true).size() == 0 || f.nam == "a").size() == 0'),
      /f has no "nam"/,
    );
  });

  it('is refused where a map has no such key', () => {
    assert.equal(problem('owner["nam"] == "a"'), '6: owner has no "nam": it has name, tags');
    assert.match(problem('friends[0]["nam"] == "a"'), /this has no "nam"/);
    assert.match(problem('friends.exists(f, f["nam"] == "a")'), /f has no "nam"/);
    assert.equal(compiled('owner["name"] == "ann" && extra["anything"] == 1').evaluate(values), true);
  });

  it('is not refused where the text does not tell what an element is', () => {
    compiled('friends.map(f, extra).exists(g, g.nam == "a")');
    compiled('extra.list.exists(g, g.nam == "a")');
    compiled('[extra].exists(friends, friends.nam == "a")');
  });

  it('is refused where it can be neither true nor false, or names what is not known', () => {
    assert.match(problem('age'), /it is a number/);
    assert.match(problem('owner.name'), /it is a text/);
    assert.match(problem('friends'), /it is a list/);
    assert.equal(problem('toString == 1'), '1: "toString" is not known; known here: age, owner, friends, extra');
  });

  it('costs by how long its lists are', () => {
    const nested = 'friends.exists(a, friends.exists(b, a.name == b.name))';
    assert.ok(compiled(nested).cost < 500);
    assert.ok(compiled('extra.list.exists(a, extra.list.exists(b, a.name == b.name))').cost > 20_000);
  });
});

it('points at a place in a text', () => {
  assert.deepEqual(placeIn('a\nbc\nd', 3), { line: 2, column: 2 });
  assert.equal(quotedFrom('a\nbc\nd', 2), ', at "bc"');
  assert.equal(quotedFrom('a', 1), '');
});
