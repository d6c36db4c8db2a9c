import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveSubject, type SubjectRequest } from '../../src/recommendation/subject.ts';
import { tenantOf, viewed, viewedBy } from './tenant-fixture.ts';

const anyone: SubjectRequest = { userId: '', visitorId: '', sessionId: '', recentItemIds: [], contextItemId: '' };
const tenant = tenantOf([
  ...viewed('anonymous', 'a', 'b'),
  ...viewedBy('u', 'c', 'd'),
  { userId: 'w', sessionId: 'of-w', itemViewed: { itemId: 'a' } },
  { userId: 'w', consentChanged: { personalised: false } },
]);

function subject(request: Partial<SubjectRequest>) {
  const { session, person, sessionNumber } = resolveSubject(tenant, { ...anyone, ...request });
  const items = [...session].map((item) => (item < 0 ? item : tenant.catalogue.idOf(item)));
  return { items, person, sessionNumber };
}

describe('for whom a request is', () => {
  it('takes recent_item_ids before the session in the state', () => {
    const found = subject({ sessionId: 'anonymous', recentItemIds: ['c'] });
    assert.deepEqual(found.items, ['c']);
    assert.equal(found.sessionNumber, tenant.sessions.numberOf('anonymous'));
  });

  it("takes the session that is named, else the person's latest, else none", () => {
    assert.deepEqual(subject({ sessionId: 'anonymous' }).items, ['a', 'b']);
    assert.deepEqual(subject({ userId: 'u' }).items, ['c', 'd']);
    assert.deepEqual(subject({ userId: 'u', sessionId: 'begun-just-now' }).items, []);
    assert.deepEqual(subject({}), { items: [], person: -1, sessionNumber: -1 });
    assert.deepEqual(subject({ userId: 'stranger', visitorId: 'stranger' }).person, -1);
  });

  it('puts the context item last, once', () => {
    assert.deepEqual(subject({ sessionId: 'anonymous', contextItemId: 'c' }).items, ['a', 'b', 'c']);
    assert.deepEqual(subject({ sessionId: 'anonymous', contextItemId: 'b' }).items, ['a', 'b']);
  });

  it('keeps the place of an item that it does not know: equal ids are equal, others are not', () => {
    const { items } = subject({ recentItemIds: ['x', 'a', 'y', 'x'], contextItemId: 'z' });
    const [first, second, third, fourth, last] = items;
    assert.equal(second, 'a');
    assert.equal(first, fourth);
    assert.equal(new Set([first, third, last]).size, 3);
    for (const number of [first, third, last]) assert.ok(typeof number === 'number' && number < 0);
  });

  it('uses neither session nor person of one who forbade it, however they are named', () => {
    for (const request of [{ userId: 'w' }, { sessionId: 'of-w' }]) {
      const found = subject(request);
      assert.deepEqual([found.items, found.person], [[], -1]);
    }
    assert.deepEqual(subject({ userId: 'w', recentItemIds: ['b'] }).items, ['b']);
  });
});
