import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { BestFirst } from '../../../src/recommendation/strategies/best-first.ts';
import { ScoreTable } from '../../../src/recommendation/strategies/score-table.ts';

const additions = fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: -5, max: 5 })), {
  maxLength: 300,
});

it('a table holds what a map would, query after query, and grows', () => {
  const table = new ScoreTable(4);
  fc.assert(
    fc.property(additions, (all) => {
      table.clear();
      const map = new Map<number, number>();
      for (const [key, score] of all) {
        const entry = table.entry(key);
        table.scores[entry] = table.scores[entry]! + score;
        map.set(key, (map.get(key) ?? 0) + score);
      }
      assert.equal(table.size, map.size);
      for (const [key, score] of map) assert.equal(table.scores[table.entry(key)], score);
    }),
  );
});

it('a walk goes from the best score to the worst, equal scores by key', () => {
  const table = new ScoreTable(4);
  const walk = new BestFirst();
  fc.assert(
    fc.property(additions, (all) => {
      table.clear();
      for (const [key, score] of all) table.scores[table.entry(key)] = score;
      const found: [number, number][] = [];
      walk.over(table);
      for (let entry = walk.next(); entry !== -1; entry = walk.next()) {
        found.push([table.keys[entry]!, table.scores[entry]!]);
      }
      assert.deepEqual(
        found,
        found.toSorted((a, b) => b[1] - a[1] || a[0] - b[0]),
      );
      assert.equal(found.length, table.size);
    }),
  );
});
