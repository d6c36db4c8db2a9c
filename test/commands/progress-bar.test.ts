import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgressBar, formatElapsed, progressLine } from '../../src/commands/progress-bar.ts';
import { recorder } from './run.ts';

/** A clock that a test moves. */
function clock() {
  let millis = 0;
  const pass = (more: number) => {
    millis += more;
  };
  return { now: () => millis, pass };
}

test('on a terminal the bar is redrawn in place, at most ten times a second', () => {
  const [output, { now, pass }] = [recorder({ isTTY: true, columns: 100 }), clock()];
  const bar = createProgressBar({ output, unit: 'events', total: 1_000, now });
  for (let count = 0; count <= 1_000; count++) {
    bar.update(count);
    pass(1);
  }
  bar.finish(1_000);
  const drawn = output.writes.filter((text) => text.startsWith('['));
  assert.equal(drawn.length, 11);
  assert.match(drawn[5] ?? '', /^\[={12} {12}\] {2} {1}50 % {2}500 of 1,000 events {2}1,000\/s {2}500ms left$/);
  assert.ok(!output.text().slice(0, -1).includes('\n'));
  assert.ok(output.text().endsWith('\r\x1b[K1,000 events in 1.0s, 999 events/s\n'));
});

test('elsewhere there is a line every five seconds at most, and one at the end', () => {
  const [output, { now, pass }] = [recorder(), clock()];
  const bar = createProgressBar({ output, unit: 'events', now });
  for (let count = 0; count < 12_000; count += 10) {
    pass(10);
    bar.update(count);
  }
  bar.finish(12_000);
  const lines = output.text().trimEnd().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^4,990 events {2}998\/s$/);
  assert.match(lines[2] ?? '', /^12,000 events in 12\.0s, 1,000 events\/s$/);
});

test('short work on a pipe writes one line only', () => {
  const output = recorder();
  const bar = createProgressBar({ output, unit: 'images', total: 2, now: () => 0 });
  bar.update(1);
  bar.finish(2);
  assert.equal(output.text().split('\n').length, 2);
});

test('the bar is never wider than the terminal', () => {
  const output = recorder({ isTTY: true, columns: 20 });
  createProgressBar({ output, unit: 'events', total: 10, now: () => 0 }).update(5);
  assert.equal(output.text().length, 19);
});

test('clear makes room, and a bar that is not drawn has nothing to clear', () => {
  const output = recorder({ isTTY: true });
  const bar = createProgressBar({ output, unit: 'events', now: () => 0 });
  bar.clear();
  assert.equal(output.text(), '');
  bar.update(1);
  bar.clear();
  assert.ok(output.text().endsWith('\r\x1b[K'));
});

test('the rate follows what happens now, not the slow start', () => {
  const [output, { now, pass }] = [recorder({ isTTY: true, columns: 200 }), clock()];
  const bar = createProgressBar({ output, unit: 'events', now });
  let count = 0;
  for (let second = 0; second < 60; second++) {
    pass(1_000);
    count += second < 30 ? 1 : 1_000;
    bar.update(count);
  }
  assert.match(output.writes.at(-1) ?? '', /1,000\/s$/);
});

test('a total that was guessed too low, or is not known, is no trouble', () => {
  const state = { unit: 'events', perSecond: 10, barColumns: 4 };
  assert.equal(progressLine({ ...state, count: 20, total: 10 }), '[====]  100 %  20 of 10 events  10/s');
  assert.equal(progressLine({ ...state, count: 20, total: undefined }), '20 events  10/s');
  assert.equal(progressLine({ ...state, count: 0, total: 0 }), '0 events  10/s');
  assert.equal(progressLine({ ...state, perSecond: 0, count: 0, total: 9 }), '[    ]    0 %  0 of 9 events  0/s');
});

test('times read as people say them', () => {
  const times: readonly (readonly [number, string])[] = [
    [0, '0ms'],
    [999, '999ms'],
    [12_340, '12.3s'],
    [59_999, '1m 00s'],
    [245_000, '4m 05s'],
    [7_380_000, '2h 03m'],
  ];
  for (const [millis, text] of times) assert.equal(formatElapsed(millis), text);
});
