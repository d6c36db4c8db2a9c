/**
 * The field rules of the contract (buf.validate), compiled to plain functions that say yes or no: many times as fast as
 * protovalidate, which runs some rules as CEL. Who is told no asks protovalidate for the words. A property test holds the
 * two together; a rule that is not known here is refused when it is compiled.
 */

import {
  type DescField,
  type DescMessage,
  type DescOneof,
  getOption,
  hasOption,
  type Message,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import {
  type FieldRules,
  FieldRulesSchema,
  field as fieldRules,
  Ignore,
  message as messageRules,
  oneof as oneofRules,
} from '../../gen/buf/validate/validate_pb.ts';
import { compileValue, type ValueTest } from './compiled-values.ts';

/** Does a message keep every rule of its type, and of the messages in it? */
export type MessageTest = (message: Message) => boolean;

/** A message as the object that protobuf-es makes of it. */
type Fields = Readonly<Record<string, unknown>>;

/** Throws an Error that names a rule which has no compiled form. */
export function compileRules(message: DescMessage): MessageTest {
  return new RuleCompiler().compile(message);
}

class RuleCompiler {
  /** By type name, so that a type is compiled once, and one that holds itself ends. */
  readonly #compiled = new Map<string, MessageTest>();

  compile(message: DescMessage): MessageTest {
    const known = this.#compiled.get(message.typeName);
    if (known !== undefined) return known;
    let test: MessageTest = () => true;
    this.#compiled.set(message.typeName, (value) => test(value));
    const tests = [
      ...message.oneofs.map((oneof) => this.#oneof(oneof)),
      ...message.fields.filter((field) => field.oneof === undefined).map((field) => this.#field(field)),
      ...this.#wholeMessage(message),
    ].filter((each) => each !== undefined);
    test = (value) => {
      for (const each of tests) if (!each(value as unknown as Fields)) return false;
      return true;
    };
    this.#compiled.set(message.typeName, test);
    return test;
  }

  /** Conditions in CEL over a whole message are rare here: protovalidate itself decides those types. */
  #wholeMessage(message: DescMessage): ((fields: Fields) => boolean)[] {
    if (!hasOption(message, messageRules) || getOption(message, messageRules).cel.length === 0) return [];
    const validator = createValidator({ failFast: true });
    return [(fields) => validator.validate(message, fields as unknown as Message).kind === 'valid'];
  }

  #oneof(oneof: DescOneof): (fields: Fields) => boolean {
    const required = hasOption(oneof, oneofRules) && getOption(oneof, oneofRules).required;
    const tests = new Map<string, ValueTest>();
    for (const field of oneof.fields) {
      const test = this.#value(field);
      if (test !== undefined) tests.set(field.localName, test);
    }
    return (fields) => {
      const choice = fields[oneof.localName] as { readonly case: string | undefined; readonly value?: unknown };
      if (choice.case === undefined) return !required;
      return tests.get(choice.case)?.(choice.value) ?? true;
    };
  }

  #field(field: DescField): ((fields: Fields) => boolean) | undefined {
    const test = this.#value(field);
    const required = rulesOf(field)?.required === true;
    if (test === undefined && !required) return undefined;
    const { localName } = field;
    const isEmpty = emptyTest(field);
    return (fields) => {
      const value = fields[localName];
      if (value === undefined) return !required;
      if (required && isEmpty(value)) return false;
      return test === undefined || test(value);
    };
  }

  #value(field: DescField): ValueTest | undefined {
    const rules = rulesOf(field);
    if (rules?.ignore === Ignore.ALWAYS) return undefined;
    const own = rules === undefined ? undefined : compileValue(refuseUnknown(field, rules), field.enum);
    const inside = this.#inside(field);
    if (own === undefined || inside === undefined) return own ?? inside;
    return (value) => own(value) && inside(value);
  }

  /** The rules of messages below a field. Well-known types have none of their own. */
  #inside(field: DescField): ValueTest | undefined {
    const { message } = field;
    if (message === undefined || message.typeName.startsWith('google.protobuf.')) return undefined;
    const test = this.compile(message);
    switch (field.fieldKind) {
      case 'list':
        return (list) => (list as readonly Message[]).every(test);
      case 'map':
        return (map) => Object.values(map as Record<string, Message>).every(test);
      default:
        return (value) => test(value as Message);
    }
  }
}

function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
}

/** What `required` forbids: no element, and where a field cannot be absent, its zero. */
function emptyTest(field: DescField): (value: unknown) => boolean {
  if (field.fieldKind === 'list') return (list) => (list as readonly unknown[]).length === 0;
  if (field.fieldKind === 'map') return (map) => Object.keys(map as object).length === 0;
  if (field.fieldKind === 'message' || field.proto.proto3Optional) return () => false;
  return (value) => value === '' || value === 0 || value === 0n || value === false;
}

const knownFieldRules = new Set(['required', 'ignore']);

function refuseUnknown(field: DescField, rules: FieldRules): FieldRules {
  for (const name of setFields(reflect(FieldRulesSchema, rules))) {
    if (knownFieldRules.has(name) || name === rules.type.case) continue;
    throw new Error(`${field.toString()}: the rule ${name} has no compiled form`);
  }
  return rules;
}

function setFields(message: ReflectMessage): string[] {
  return message.fields.filter((field) => message.isSet(field)).map(({ localName }) => localName);
}
