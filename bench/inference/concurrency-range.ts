import { PalateError } from '../../src/errors.ts';

const mostLevels = 64;
const highest = 10_000;

/**
 * `4`, `1,4,16`, `1:8` (each), `1:16:4` (every fourth) or `1:16:x2` (doubled): the numbers of requests under way, in order.
 * Throws USAGE.
 */
export function parseConcurrencies(text: string): readonly number[] {
  const levels = text.includes(':') ? levelsOfRange(text) : text.split(',').map((part) => wholeNumber(part, text));
  if (levels.length > mostLevels) throw wrong(text, `it has more than ${mostLevels} steps`);
  return levels;
}

function levelsOfRange(text: string): readonly number[] {
  const [first = '', last = '', step = '1', ...rest] = text.split(':');
  const [from, to] = [wholeNumber(first, text), wholeNumber(last, text)];
  if (rest.length > 0) throw wrong(text, 'it has more than three parts');
  if (from > to) throw wrong(text, 'it ends before it begins');
  const isFactor = step.startsWith('x');
  const by = wholeNumber(isFactor ? step.slice(1) : step, text);
  if (isFactor && by === 1) throw wrong(text, 'a factor of 1 leads nowhere');
  const levels: number[] = [];
  for (let level = from; level <= to && levels.length <= mostLevels; level = isFactor ? level * by : level + by) {
    levels.push(level);
  }
  return levels;
}

function wholeNumber(part: string, text: string): number {
  const value = /^\d{1,6}$/.test(part) ? Number(part) : 0;
  if (value >= 1 && value <= highest) return value;
  throw wrong(text, `${JSON.stringify(part)} is no whole number from 1 to ${highest}`);
}

function wrong(text: string, problem: string): PalateError {
  const forms = 'a number, a list (1,4,16) or FIRST:LAST[:STEP] (1:8:2, or 1:16:x2 to double)';
  return new PalateError('USAGE', `--concurrency takes ${forms}, not ${JSON.stringify(text)}: ${problem}.`);
}
