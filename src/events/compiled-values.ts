/** The rules of one value, compiled: what `buf.validate.StringRules` and its sisters say. */

import type { DescEnum } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type {
  BytesRules,
  DoubleRules,
  EnumRules,
  FieldRules,
  FloatRules,
  Int32Rules,
  MapRules,
  RepeatedRules,
  StringRules,
  TimestampRules,
  UInt32Rules,
} from '../../gen/buf/validate/validate_pb.ts';

/** Says yes or no to a field's value, of the type that protobuf-es gives it. */
export type ValueTest = (value: unknown) => boolean;

/** Undefined where there is nothing to test. Throws an Error that names a rule which has no compiled form. */
export function compileValue(rules: FieldRules, enumeration?: DescEnum): ValueTest | undefined {
  const { type } = rules;
  switch (type.case) {
    case undefined:
      return undefined;
    case 'string':
      return stringTest(type.value);
    case 'bytes':
      return bytesTest(type.value);
    case 'double':
    case 'float':
    case 'int32':
    case 'uint32':
      return numberTest(type.value);
    case 'enum':
      return enumTest(type.value, enumeration);
    case 'timestamp':
      return timestampTest(type.value);
    case 'repeated':
      return listTest(type.value, enumeration);
    case 'map':
      return mapTest(type.value);
    default:
      throw new Error(`the rules for ${type.case} have no compiled form`);
  }
}

/** Every rule that is set must be one of those that are compiled: throws an Error that names one which is not. */
export function refuseOthers(rules: object, known: readonly string[]): void {
  for (const [name, value] of Object.entries(rules)) {
    if (known.includes(name) || name.startsWith('$') || isUnset(value)) continue;
    throw new Error(`the rule ${name} has no compiled form`);
  }
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === false || value === '' || value === 0 || value === 0n) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && 'case' in value && value.case === undefined;
}

function all(tests: readonly ValueTest[]): ValueTest | undefined {
  const [first, second, ...rest] = tests;
  if (first === undefined) return undefined;
  if (second === undefined) return first;
  const others = all([second, ...rest]);
  return others === undefined ? first : (value) => first(value) && others(value);
}

const uuid = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

function stringTest(rules: StringRules): ValueTest | undefined {
  refuseOthers(rules, ['minLen', 'maxBytes', 'pattern', 'wellKnown']);
  const tests: ValueTest[] = [];
  const minLen = Number(rules.minLen);
  if (minLen === 1) tests.push((value) => value !== '');
  else if (minLen > 1) tests.push((value) => [...(value as string)].length >= minLen);
  const maxBytes = Number(rules.maxBytes);
  if (maxBytes > 0) tests.push((value) => utf8Fits(value as string, maxBytes));
  if (rules.pattern !== '') {
    const pattern = new RegExp(rules.pattern, 'u');
    tests.push((value) => pattern.test(value as string));
  }
  if (rules.wellKnown.case === 'uuid') tests.push((value) => uuid.test(value as string));
  else if (rules.wellKnown.case !== undefined) throw new Error(`the rule ${rules.wellKnown.case} has no compiled form`);
  return all(tests);
}

/** A UTF-16 unit takes one to three bytes, so most texts need no counting. */
function utf8Fits(text: string, maxBytes: number): boolean {
  if (text.length * 3 <= maxBytes) return true;
  return text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes;
}

function bytesTest(rules: BytesRules): ValueTest | undefined {
  refuseOthers(rules, ['maxLen']);
  const maxLen = Number(rules.maxLen);
  return maxLen > 0 ? (value) => (value as Uint8Array).length <= maxLen : undefined;
}

/** A comparison with NaN is false, so that a bound refuses it, as protovalidate does. */
function numberTest(rules: DoubleRules | FloatRules | Int32Rules | UInt32Rules): ValueTest | undefined {
  refuseOthers(rules, ['greaterThan', 'lessThan', 'finite']);
  const { greaterThan, lessThan } = rules;
  const low = greaterThan.value ?? 0;
  const high = lessThan.value ?? 0;
  if (greaterThan.case !== undefined && lessThan.case !== undefined && high < low) {
    throw new Error('a range that excludes its middle has no compiled form');
  }
  const tests: ValueTest[] = [];
  if (greaterThan.case === 'gt') tests.push((value) => (value as number) > low);
  if (greaterThan.case === 'gte') tests.push((value) => (value as number) >= low);
  if (lessThan.case === 'lt') tests.push((value) => (value as number) < high);
  if (lessThan.case === 'lte') tests.push((value) => (value as number) <= high);
  if ('finite' in rules && rules.finite) tests.push((value) => Number.isFinite(value));
  return all(tests);
}

function enumTest(rules: EnumRules, enumeration: DescEnum | undefined): ValueTest | undefined {
  refuseOthers(rules, ['notIn', 'definedOnly']);
  if (!rules.definedOnly)
    return rules.notIn.length === 0 ? undefined : (value) => !rules.notIn.includes(value as number);
  const defined = enumeration?.values.map(({ number }) => number) ?? [];
  const allowed = new Set(defined.filter((number) => !rules.notIn.includes(number)));
  return (value) => allowed.has(value as number);
}

function timestampTest(rules: TimestampRules): ValueTest | undefined {
  refuseOthers(rules, ['greaterThan', 'lessThan']);
  const { greaterThan, lessThan } = rules;
  const tests: ValueTest[] = [];
  if (greaterThan.case === 'gte') tests.push((value) => compare(value as Timestamp, greaterThan.value) >= 0);
  else if (greaterThan.case !== undefined) throw new Error(`the rule ${greaterThan.case} has no compiled form`);
  if (lessThan.case === 'lte') tests.push((value) => compare(value as Timestamp, lessThan.value) <= 0);
  else if (lessThan.case !== undefined) throw new Error(`the rule ${lessThan.case} has no compiled form`);
  return all(tests);
}

function compare(left: Timestamp, right: Timestamp): number {
  if (left.seconds !== right.seconds) return left.seconds < right.seconds ? -1 : 1;
  return left.nanos - right.nanos;
}

function listTest(rules: RepeatedRules, enumeration: DescEnum | undefined): ValueTest | undefined {
  refuseOthers(rules, ['minItems', 'maxItems', 'items']);
  const least = Number(rules.minItems);
  const most = rules.maxItems > 0n ? Number(rules.maxItems) : Number.POSITIVE_INFINITY;
  const item = rules.items === undefined ? undefined : compileValue(rules.items, enumeration);
  return (value) => {
    const list = value as readonly unknown[];
    if (list.length < least || list.length > most) return false;
    return item === undefined || list.every(item);
  };
}

function mapTest(rules: MapRules): ValueTest | undefined {
  refuseOthers(rules, ['maxPairs', 'keys']);
  const most = rules.maxPairs > 0n ? Number(rules.maxPairs) : Number.POSITIVE_INFINITY;
  const key = rules.keys === undefined ? undefined : compileValue(rules.keys);
  return (value) => {
    const keys = Object.keys(value as object);
    return keys.length <= most && (key === undefined || keys.every(key));
  };
}
