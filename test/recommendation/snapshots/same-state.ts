/** Compares two states field by field, private ones included, so that no field of any class can be forgotten. */
import { RankingHeap } from '../../../src/recommendation/fold/ranking-heap.ts';
import type { State } from '../../../src/recommendation/fold/state.ts';
import { type FieldsOf, withFieldsOf } from './private-fields.ts';

/** What the order of reads decides, and no answer depends on; what it holds is compared in other places. */
const laidOutAnew = new Set(['#late', '#lateCount', '#isLate', '#memberPlaces', '#byNumber', '#shift']);
/** Memory of one event, written over by the next. */
const scratch = new Set(['#scanner', '#latest', '#keyBytes', '#keyFrom', '#keyTo', '#begun', '#utf8']);

/** The paths at which two states differ; empty where they are the same. */
export function differences(left: State, right: State): string[] {
  const found: string[] = [];
  const seen = new Map<unknown, unknown>();
  withFieldsOf((fieldsOf) => compare(left, right, 'state', found, seen, fieldsOf));
  return found;
}

function compare(
  a: unknown,
  b: unknown,
  path: string,
  found: string[],
  seen: Map<unknown, unknown>,
  fieldsOf: FieldsOf,
) {
  if (Object.is(a, b) || typeof a === 'function') return;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    if (!(a === 0 && b === 0)) found.push(`${path}: ${String(a)} and ${String(b)}`);
    return;
  }
  if (seen.has(a) && !isValue(a)) {
    if (seen.get(a) !== b) found.push(`${path}: is shared on one side only`);
    return;
  }
  seen.set(a, b);
  if (a instanceof RankingHeap) return;
  if (ArrayBuffer.isView(a)) {
    compareArrays(a as Int32Array, b as Int32Array, path, found);
    return;
  }
  const left = members(a, fieldsOf);
  const right = members(b, fieldsOf);
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    if (laidOutAnew.has(key) || scratch.has(key)) continue;
    compare(left.get(key), right.get(key), `${path}.${key}`, found, seen, fieldsOf);
  }
}

/** Lists and maps that several descriptions share are never changed in place: two equal ones are as good. */
function isValue(object: object): boolean {
  return Array.isArray(object) || object instanceof Map;
}

/** A set's elements and a map's entries count by their order, which decides who leaves first. */
function members(object: object, fieldsOf: FieldsOf): ReadonlyMap<string, unknown> {
  if (object instanceof Map)
    return new Map(
      [...object].flatMap(([key, value], i) => [
        [`key ${i}`, key],
        [`value ${i}`, value],
      ]),
    );
  if (object instanceof Set) return new Map([...object].map((value, i) => [String(i), value]));
  if (Array.isArray(object)) return new Map(Array.from(object, (value, i) => [String(i), value]));
  return fieldsOf(object);
}

/** What is behind the end of the shorter one must be room that was never used: all the same value. */
function compareArrays(a: Int32Array, b: Int32Array, path: string, found: string[]): void {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (!Object.is(a[i]! + 0, b[i]! + 0)) {
      found.push(`${path}[${i}]: ${a[i]} and ${b[i]}`);
      return;
    }
  }
  const rest = (a.length > b.length ? a : b).subarray(length);
  if (rest.some((value) => !Object.is(value, rest[0]))) found.push(`${path}: ${a.length} and ${b.length} elements`);
}
