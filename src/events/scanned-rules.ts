/**
 * The field rules of the contract, compiled for events that a scanner has read: lengths are compared where the texts lie,
 * and nothing is decoded. Says yes or no, as `compileRules` does of messages; a property test holds the two together. A
 * rule that is not known here is refused when it is compiled.
 */

import { type DescField, getOption, hasOption } from '@bufbuild/protobuf';
import {
  type FieldRules,
  field as fieldRules,
  Ignore,
  message as messageRules,
  type RepeatedRules,
  type StringRules,
  type TimestampRules,
} from '../../gen/buf/validate/validate_pb.ts';
import { compileValue, refuseOthers, type ValueTest } from './compiled-values.ts';
import { isEventId } from './event-id.ts';
import { kinds, type ScanLayout } from './scan-layout.ts';
import type { EventScanner } from './scanner.ts';

/** Does what was scanned keep the rules? */
export type ScannedTest = (event: EventScanner) => boolean;

/** The rules of a message, and of the messages below it. Throws an Error that names a rule which has no compiled form. */
export function compileScannedRules(layout: ScanLayout): ScannedTest {
  const fields = layout.message.fields.map((field) => compileField(layout, field));
  const tests = [...fields.filter((test) => test !== undefined), ...compileConditions(layout)];
  return (event) => {
    for (const test of tests) if (!test(event)) return false;
    return true;
  };
}

/** Conditions in CEL over a whole message, by their expression: there are few. */
const conditions: Readonly<Record<string, (layout: ScanLayout) => ScannedTest>> = {
  'this.value <= (has(this.scale) ? this.scale : 5.0)': (layout) => {
    const value = layout.slot('value');
    const scale = layout.slot('scale');
    return (event) => event.number(value) <= event.number(scale, 5);
  },
};

function compileConditions(layout: ScanLayout): ScannedTest[] {
  const { message } = layout;
  if (!hasOption(message, messageRules)) return [];
  return getOption(message, messageRules).cel.map(({ expression }) => {
    const compile = conditions[expression];
    if (compile === undefined)
      throw new Error(`a condition of ${message.typeName} has no compiled form: ${expression}`);
    return compile(layout);
  });
}

function compileField(layout: ScanLayout, field: DescField): ScannedTest | undefined {
  const rules = hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
  if (rules?.ignore === Ignore.ALWAYS) return undefined;
  if (rules !== undefined && rules.cel.length > 0) throw unknownRule(field);
  const kind = layout.kinds[field.number]!;
  const isOptional = field.proto.proto3Optional || kind === kinds.message;
  if (rules?.required && !isOptional) throw unknownRule(field);
  if (kind === kinds.foreign) return foreign(field, rules);
  const slot = layout.slots[field.number]!;
  const test = compilePresent(layout, field, slot, rules);
  if (rules?.required) return (event) => event.has(slot) && (test === undefined || test(event));
  if (test === undefined || !isOptional) return test;
  return (event) => !event.has(slot) || test(event);
}

/** The rules of what is there. */
function compilePresent(
  layout: ScanLayout,
  field: DescField,
  slot: number,
  rules: FieldRules | undefined,
): ScannedTest | undefined {
  const kind = layout.kinds[field.number]!;
  if (kind === kinds.message) return compileMessage(layout, field, rules);
  const isList = kind === kinds.texts || kind === kinds.wholes || kind === kinds.messages;
  return isList ? compileList(layout, field, rules) : compileOne(field, slot, rules);
}

/** A scanned event has no value in such a field: what holds of none has to be allowed. */
function foreign(field: DescField, rules: FieldRules | undefined): undefined {
  const { case: kind, value } = rules?.type ?? { case: undefined };
  const isEmptyAllowed = kind === undefined || (kind === 'map' && value.minPairs === 0n) || field.oneof !== undefined;
  if (!isEmptyAllowed) throw unknownRule(field);
}

/** Of a field with one value; an absent one counts as its zero. */
function compileOne(field: DescField, slot: number, rules: FieldRules | undefined): ScannedTest | undefined {
  if (rules === undefined) return undefined;
  if (rules.type.case === 'string') {
    const test = compileText(rules.type.value);
    return (event) => test(event, event.from(slot), event.to(slot));
  }
  const test = compileValue(rules, field.enum);
  if (rules.type.case === 'uint64' || rules.type.case === 'int64') throw unknownRule(field);
  return test && ((event) => test(event.number(slot)));
}

type RangeTest = (event: EventScanner, from: number, to: number) => boolean;

function compileText(rules: StringRules): RangeTest {
  refuseOthers(rules, ['minLen', 'maxBytes', 'pattern', 'wellKnown']);
  if (rules.minLen > 1n) throw new Error('a least length above 1 has no compiled form');
  const least = Number(rules.minLen);
  const most = rules.maxBytes > 0n ? Number(rules.maxBytes) : Number.POSITIVE_INFINITY;
  const pattern = rules.pattern === '' ? undefined : new RegExp(rules.pattern, 'u');
  const known = rules.wellKnown.case;
  if (known !== undefined && known !== 'uuid') throw new Error(`the rule ${known} has no compiled form`);
  return (event, from, to) => {
    if (to - from < least || to - from > most) return false;
    if (known === 'uuid' && !isEventId(event.bytes, from, to)) return false;
    return pattern === undefined || pattern.test(event.textIn(from, to));
  };
}

function compileMessage(layout: ScanLayout, field: DescField, rules: FieldRules | undefined): ScannedTest | undefined {
  const child = layout.children[field.number]!;
  if (rules?.type.case === 'timestamp') return compileTime(rules.type.value, child);
  if (rules?.type.case !== undefined) throw unknownRule(field);
  // The rules of a payload are asked for by its type.
  if (field.oneof !== undefined || child.message.typeName.startsWith('google.protobuf.')) return undefined;
  return compileScannedRules(child);
}

/** A scanned time has no seconds below 0. */
function compileTime(rules: TimestampRules, time: ScanLayout): ScannedTest {
  refuseOthers(rules, ['greaterThan', 'lessThan']);
  const { greaterThan, lessThan } = rules;
  const isFromZero = greaterThan.case === 'gte' && greaterThan.value.seconds === 0n && greaterThan.value.nanos === 0;
  if (!isFromZero || lessThan.case !== 'lte') throw new Error('these bounds of a time have no compiled form');
  const seconds = time.slot('seconds');
  const nanos = time.slot('nanos');
  const mostSeconds = Number(lessThan.value.seconds);
  const mostNanos = lessThan.value.nanos;
  return (event) => {
    const difference = event.number(seconds) - mostSeconds;
    return difference < 0 || (difference === 0 && event.number(nanos) <= mostNanos);
  };
}

function compileList(layout: ScanLayout, field: DescField, rules: FieldRules | undefined): ScannedTest {
  const type = rules?.type;
  if (type?.case !== undefined && type.case !== 'repeated') throw unknownRule(field);
  const element = compileElement(layout, field, type?.value);
  if (type !== undefined) refuseOthers(type.value ?? {}, ['minItems', 'maxItems', 'items']);
  const least = Number(type?.value?.minItems ?? 0n);
  const most = Number(type?.value?.maxItems ?? 0n) || Number.POSITIVE_INFINITY;
  return (event) => {
    if (event.elements < least || event.elements > most) return false;
    for (let i = 0; i < event.elements; i++) if (!element(event, i)) return false;
    return true;
  };
}

type ElementTest = (event: EventScanner, index: number) => boolean;

function compileElement(layout: ScanLayout, field: DescField, rules: RepeatedRules | undefined): ElementTest {
  const items = rules?.items;
  const child = layout.children[field.number];
  if (child !== undefined) {
    if (items !== undefined) throw unknownRule(field);
    const test = compileScannedRules(child);
    return (event, index) => {
      event.readElement(child, index);
      return test(event);
    };
  }
  if (items === undefined) return () => true;
  if (items.type.case === 'string') {
    const test = compileText(items.type.value);
    return (event, index) => test(event, event.elementFrom(index), event.elementTo(index));
  }
  const test: ValueTest = compileValue(items) ?? (() => true);
  return (event, index) => test(event.elementNumber(index));
}

function unknownRule(field: DescField): Error {
  return new Error(`${field.toString()}: its rules have no compiled form`);
}
