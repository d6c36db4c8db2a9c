import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'csv-parse/sync';

/**
 * The scores of the shipped classes, computed anew from their nutrients. The tables are those of the Nutri-Score of 2023,
 * in force since 2024: Scientific Committee of the Nutri-Score, reports of July 2022 (foods) and March 2023 (beverages).
 * They stand here a second time on purpose: the first is `models/food/making/nutriscore.py`.
 */
const tables = {
  food: {
    energyKj: [335, 670, 1005, 1340, 1675, 2010, 2345, 2680, 3015, 3350],
    sugars: [3.4, 6.8, 10, 14, 17, 20, 24, 27, 31, 34, 37, 41, 44, 48, 51],
    protein: [2.4, 4.8, 7.2, 9.6, 12, 14, 17],
    fruit: [40, 60, 80, 80, 80],
    grades: [0, 2, 10, 18],
  },
  drink: {
    energyKj: [30, 90, 150, 210, 240, 270, 300, 330, 360, 390],
    sugars: [0.5, 2, 3.5, 5, 6, 7, 8, 9, 10, 11],
    protein: [1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3],
    fruit: [40, 40, 60, 60, 80, 80],
    // A, the first grade, is for water alone.
    grades: [Number.NEGATIVE_INFINITY, 2, 6, 9],
  },
} as const;
const saturatedFat = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const salt = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8, 3, 3.2, 3.4, 3.6, 3.8, 4];
const fibre = [3, 4.1, 5.2, 6.3, 7.4];

interface Nutrients {
  readonly basis: 'food' | 'drink';
  readonly energyKj: number;
  readonly sugars: number;
  readonly saturatedFat: number;
  readonly salt: number;
  readonly fruit: number;
  readonly fibre: number;
  readonly protein: number;
}

const above = (limits: readonly number[], value: number) => limits.filter((limit) => value > limit).length;

/** Points, and the score of the grade that they give: A is 5, E is 1. */
function rated(of: Nutrients): { points: number; score: number } {
  const table = tables[of.basis];
  const negative =
    above(table.energyKj, of.energyKj) +
    above(table.sugars, of.sugars) +
    above(saturatedFat, of.saturatedFat) +
    above(salt, of.salt);
  // Protein always counts in drinks, in foods only up to 10 negative points.
  const protein = of.basis === 'drink' || negative < 11 ? above(table.protein, of.protein) : 0;
  const points = negative - above(table.fruit, of.fruit) - above(fibre, of.fibre) - protein;
  return { points, score: 5 - above(table.grades, points) };
}

const file = new URL('../../../models/food/classes.csv', import.meta.url);
const rows = parse<Record<string, string>>(readFileSync(file), { columns: true });

describe('the score of a shipped class', () => {
  it('follows from its nutrients', () => {
    const withPoints = rows.filter((row) => row['points'] !== '');
    assert.equal(withPoints.length, rows.length - 2);
    for (const row of withPoints) {
      const found = rated({
        basis: row['basis'] === 'drink' ? 'drink' : 'food',
        energyKj: Number(row['energy_kj']),
        sugars: Number(row['sugars_g']),
        saturatedFat: Number(row['saturated_fat_g']),
        salt: Number(row['salt_g']),
        fruit: Number(row['fruit_vegetable_legume_percent']),
        fibre: Number(row['fibre_g']),
        protein: Number(row['protein_g']),
      });
      assert.deepEqual(found, { points: Number(row['points']), score: Number(row['score']) }, row['name']);
      assert.equal('EDCBA'[found.score - 1], row['grade'], row['name']);
    }
  });

  it('is that of a drink where it is drunk', () => {
    const drinks = rows.filter(({ basis }) => basis === 'drink').map((row) => row['name'] ?? '');
    const groups = ['Juice', 'Milk', 'Soy-Milk', 'Oat-Milk'];
    for (const row of rows) {
      if (groups.includes(row['coarse'] ?? '')) assert.ok(drinks.includes(row['name'] ?? ''), row['name']);
    }
    for (const name of ['Red-Wine', 'Espresso', 'Eggnog']) assert.ok(drinks.includes(name), name);
  });

  it('is as published for plain milk and juice: half fat B, whole C, juice at best C', () => {
    const scores = new Map(rows.map((row) => [row['name'], row['score']]));
    assert.equal(scores.get('Arla-Medium-Fat-Milk'), '4');
    assert.equal(scores.get('Arla-Standard-Milk'), '3');
    for (const row of rows.filter(({ coarse }) => coarse === 'Juice'))
      assert.ok(Number(row['score']) <= 3, row['name']);
  });
});
