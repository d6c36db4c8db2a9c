import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth, fitWidth } from '../../src/commands/display-width.ts';
import { formatTable } from '../../src/commands/table.ts';

test('columns are aligned, figures to the right, and no line ends in spaces', () => {
  const table = formatTable(
    [{ title: 'ITEM' }, { title: 'SCORE', align: 'right' }, { title: 'WHY' }],
    [['42', '1.5', 'session'], ['a-long-item', '10', ''], ['missing cells']],
  );
  assert.equal(
    table,
    ['ITEM           SCORE  WHY', '42               1.5  session', 'a-long-item       10', 'missing cells', ''].join(
      '\n',
    ),
  );
});

test('wide characters take two columns, marks none', () => {
  const widths: readonly (readonly [string, number])[] = [
    ['abc', 3],
    ['寿司', 4],
    ['カレー', 6],
    ['김밥', 4],
    ['🍜', 2],
    ['👩‍🍳', 2],
    ['🇯🇵', 2],
    ['cafe\u0301', 4],
    ['naïve', 5],
    ['a\u200bb', 2],
    ['', 0],
  ];
  for (const [text, width] of widths) assert.equal(displayWidth(text), width, JSON.stringify(text));
  const lines = formatTable(
    [{ title: 'A' }, { title: 'B' }],
    [
      ['寿司', 'x'],
      ['soup', 'x'],
    ],
  ).split('\n');
  assert.equal(displayWidth(lines[1] ?? ''), displayWidth(lines[2] ?? ''));
});

test('a long cell is cut at its limit with an ellipsis, never inside a character', () => {
  assert.equal(fitWidth('abcdef', 4), 'abc…');
  assert.equal(fitWidth('寿司寿司', 4), '寿…');
  assert.equal(fitWidth('abc', 3), 'abc');
  assert.equal(fitWidth('abc', 0), '');
  assert.match(formatTable([{ title: 'A', maxWidth: 5 }], [['abcdefgh']]), /^A\nabcd…\n$/);
});

test('a cell cannot break its line or steer the terminal', () => {
  const table = formatTable([{ title: 'A' }, { title: 'B' }], [['x\ny', '\x1b[31mred']]);
  assert.equal(table, 'A    B\nx y   [31mred\n');
});

test('a table without rows is its titles', () => {
  assert.equal(formatTable([{ title: 'A' }, { title: 'B' }], []), 'A  B\n');
});
