import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { each } from '../../../../src/recommendation/fold/chain.ts';
import { event, folded, person } from '../events.ts';

const who = { user: 'ann' };
const scored = (imageId: string, score: number, by: { user?: string } = who) =>
  event(
    'mealScored',
    { imageId, score, labels: [{ name: 'soup', confidence: 0.9 }], model: { name: 'm', version: '1' } },
    by,
  );
const reviewed = (imageId: string, score: number) =>
  event('mealReviewed', { imageId, score, labels: ['stew'], reviewerId: 'eve' }, { user: 'eve' });

describe('mealScored', () => {
  it('is kept with its person, the latest word for an image', () => {
    const tenant = folded([scored('i', 2), scored('j', 3), scored('i', 4)]);
    const meals = [...each(tenant.people.recordOf(person(tenant, who)).meals)];
    assert.deepEqual(
      meals.map((meal) => [meal.imageId, meal.score, meal.model]),
      [
        ['i', 4, 'm/1'],
        ['j', 3, 'm/1'],
      ],
    );
    assert.deepEqual(meals[0]?.labels, [{ name: 'soup', confidence: 0.9 }]);
  });

  it('is the meal of everybody who shared it, each with the latest word for them', () => {
    const tenant = folded([scored('i', 2), scored('i', 3, { user: 'bob' }), scored('i', 4, {})]);
    const scores = ['ann', 'bob'].map((user) =>
      [...each(tenant.people.recordOf(person(tenant, { user })).meals)].map(({ score }) => score),
    );
    assert.deepEqual(scores, [[4], [3]]);
    assert.equal([...tenant.meals.strangers()].length, 0);
  });

  it('of nobody becomes that of the first who is named', () => {
    const tenant = folded([scored('i', 2, {}), scored('i', 3, { user: 'bob' })]);
    assert.deepEqual(
      tenant.meals.of('i').map(({ score, person: whose }) => [score, whose]),
      [[3, person(tenant, { user: 'bob' })]],
    );
    assert.equal([...tenant.meals.strangers()].length, 0);
  });

  it('of a visitor who turns out to be a user that sent it too is one meal', () => {
    const merged = event('identityMerged', {}, { user: 'ann', visitor: 'v' });
    const byVisitor = event('mealScored', { imageId: 'i', score: 5 }, { visitor: 'v' });
    const tenant = folded([scored('i', 2), byVisitor, merged]);
    assert.deepEqual(
      [...each(tenant.people.recordOf(person(tenant, who)).meals)].map(({ score }) => score),
      [2],
    );
    assert.equal(tenant.meals.of('i').length, 1);
  });

  it('gives the item that it shows its place in the model\u2019s space', () => {
    const embedding = [0.5, -1];
    const tenant = folded([event('mealScored', { imageId: 'i', score: 3, itemId: 'a', embedding }, who)]);
    assert.deepEqual([...tenant.meals.embeddingOf(0)!], embedding);
    assert.deepEqual(
      tenant.people.profile(person(tenant, who)).interactions.map((one) => one.eventType),
      [90],
    );
    assert.equal(tenant.popularity.scoreOf(0), 0);
  });

  it('stays within the bounds of a person and of strangers', () => {
    const events = [scored('i', 2), scored('j', 2), scored('x', 1, {}), scored('y', 1, {})];
    const tenant = folded(events, { mealsPerPerson: 1, strangersRecords: 1 });
    const held = ['i', 'j', 'x', 'y'].map((id) => tenant.meals.of(id).length > 0);
    assert.deepEqual(held, [false, true, false, true]);
  });
});

describe('mealReviewed', () => {
  it('stands beside the score, whichever comes first', () => {
    for (const events of [
      [scored('i', 2), reviewed('i', 5)],
      [reviewed('i', 5), scored('i', 2)],
    ]) {
      const tenant = folded(events);
      const meal = tenant.people.recordOf(person(tenant, who)).meals;
      assert.equal(meal?.score, 2);
      assert.deepEqual(
        [meal?.photo.review?.score, meal?.photo.review?.labels, meal?.photo.review?.reviewerId],
        [5, ['stew'], 'eve'],
      );
      assert.equal([...tenant.meals.strangers()].length, 0);
    }
  });
});
