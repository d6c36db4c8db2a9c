import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatMarkdown, formatReport, type Machine, type Report } from '../../bench/report.ts';

const machine: Machine = { cpu: 'a processor', cores: 2, node: 'v24.0.0', loadBefore: 0.3, date: '2026-11-21' };
const report: Report = {
  tables: [
    {
      titles: ['what', 'figure'],
      rows: [
        ['a | b', '12'],
        ['  indented', '3'],
      ],
    },
  ],
  notes: ['How it was measured.'],
  figures: {},
};

describe('a report', () => {
  it('is Markdown that can be put into RESULTS.md as it is', () => {
    assert.equal(
      formatMarkdown('speed', report, machine),
      [
        'speed: a processor, 2 cores, Node v24.0.0, load 0.3 before, 2026-11-21.',
        '',
        '| what | figure |',
        '| --- | ---: |',
        '| a \\| b | 12 |',
        '| indented | 3 |',
        '',
        '- How it was measured.',
        '',
      ].join('\n'),
    );
  });

  it('is text in columns for a terminal', () => {
    const text = formatReport('speed', { ...report, notes: [] }, machine);
    assert.match(text, /^speed: a processor, 2 cores, Node v24.0.0, load 0.3 before, 2026-11-21\n\nwhat +figure\n/);
    assert.match(text, /a \| b +12\n/);
  });
});
