/**
 * JSON Schema (draft 2020-12) of an event in protobuf's JSON form, from the descriptors and their field rules: for forms,
 * editors and callers without protobuf. What only CEL can say is left to the server.
 */

import { type DescEnum, type DescField, type DescMessage, getOption, hasOption, ScalarType } from '@bufbuild/protobuf';
import {
  type FieldRules,
  field as fieldRules,
  message as messageRules,
  oneof as oneofRules,
} from '../../gen/buf/validate/validate_pb.ts';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** The schema of `palate.event.v1.Event`, with every message it uses under `$defs`. */
export function eventJsonSchema(): JsonSchema {
  const definitions = new Map<string, JsonSchema>();
  define(EventSchema, definitions);
  const { [EventSchema.typeName]: event, ...others } = Object.fromEntries(definitions);
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Event', ...event, $defs: others };
}

function define(message: DescMessage, definitions: Map<string, JsonSchema>): void {
  if (definitions.has(message.typeName)) return;
  definitions.set(message.typeName, {});
  const properties: Record<string, JsonSchema> = {};
  for (const field of message.fields) properties[field.jsonName] = schemaOf(field, definitions);
  const required = message.fields.filter(isRequired).map(({ jsonName }) => jsonName);
  definitions.set(message.typeName, {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    ...choiceOf(message),
    ...rulesOfMessage(message),
  });
}

/** A oneof that must be set: exactly one of its fields. No message here has two such. */
function choiceOf(message: DescMessage): JsonSchema {
  const choice = message.oneofs.find((oneof) => hasOption(oneof, oneofRules) && getOption(oneof, oneofRules).required);
  return choice === undefined ? {} : { oneOf: choice.fields.map(({ jsonName }) => ({ required: [jsonName] })) };
}

/** Conditions in CEL have no form in JSON Schema; their sentences at least are told. */
function rulesOfMessage(message: DescMessage): JsonSchema {
  if (!hasOption(message, messageRules)) return {};
  const sentences = getOption(message, messageRules).cel.map((rule) => rule.message);
  return sentences.length > 0 ? { description: sentences.join('; ') } : {};
}

function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
}

/** A text that may not be empty, and an enum that may not be 0, must be there: JSON leaves both out where they are. */
function isRequired(field: DescField): boolean {
  if (field.oneof !== undefined || field.fieldKind === 'list' || field.fieldKind === 'map') return false;
  const rules = rulesOf(field);
  if (rules?.required) return true;
  const hasPresence = field.proto.proto3Optional || field.fieldKind === 'message';
  if (rules === undefined || hasPresence) return false;
  const type = rules.type;
  if (type.case === 'enum') return type.value.notIn.includes(0);
  if (type.case !== 'string') return false;
  return type.value.minLen > 0n || type.value.pattern !== '' || type.value.wellKnown.case === 'uuid';
}

function schemaOf(field: DescField, definitions: Map<string, JsonSchema>): JsonSchema {
  const rules = rulesOf(field);
  switch (field.fieldKind) {
    case 'list':
      return { type: 'array', items: elementOf(field, itemRules(rules), definitions), ...listBounds(rules) };
    case 'map':
      return { type: 'object', additionalProperties: elementOf(field, undefined, definitions), ...mapBounds(rules) };
    default:
      return elementOf(field, rules, definitions);
  }
}

function elementOf(field: DescField, rules: FieldRules | undefined, definitions: Map<string, JsonSchema>): JsonSchema {
  if (field.message !== undefined) return referTo(field.message, definitions);
  if (field.enum !== undefined) return enumSchema(field.enum, rules);
  return { ...scalarSchema(field.scalar ?? ScalarType.STRING), ...scalarBounds(rules) };
}

/** Messages with a JSON form of their own, https://protobuf.dev/programming-guides/json/ */
const wellKnown: Readonly<Record<string, JsonSchema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' },
};

function referTo(message: DescMessage, definitions: Map<string, JsonSchema>): JsonSchema {
  const known = wellKnown[message.typeName];
  if (known !== undefined) return known;
  define(message, definitions);
  return { $ref: `#/$defs/${message.typeName}` };
}

function enumSchema(description: DescEnum, rules: FieldRules | undefined): JsonSchema {
  const forbidden = rules?.type.case === 'enum' ? rules.type.value.notIn : [];
  return { enum: description.values.filter(({ number }) => !forbidden.includes(number)).map(({ name }) => name) };
}

function scalarSchema(scalar: ScalarType): JsonSchema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return { type: ['string', 'integer'], pattern: '^-?[0-9]+$' };
    default:
      return { type: 'integer' };
  }
}

function scalarBounds(rules: FieldRules | undefined): JsonSchema {
  switch (rules?.type.case) {
    case 'string': {
      const { minLen, maxLen, maxBytes, pattern, wellKnown: known } = rules.type.value;
      // JSON Schema counts characters; a bound in bytes bounds those too.
      const most = maxLen > 0n ? maxLen : maxBytes;
      return {
        ...(minLen > 0n ? { minLength: Number(minLen) } : {}),
        ...(most > 0n ? { maxLength: Number(most) } : {}),
        ...(pattern === '' ? {} : { pattern }),
        ...(known.case === 'uuid' ? { format: 'uuid' } : {}),
      };
    }
    case 'double':
    case 'uint32':
    case 'int32': {
      const { greaterThan, lessThan } = rules.type.value;
      return { ...lowerBound(greaterThan), ...upperBound(lessThan) };
    }
    default:
      return {};
  }
}

interface Bound {
  readonly case: string | undefined;
  readonly value?: number | undefined;
}

function lowerBound({ case: kind, value }: Bound): JsonSchema {
  return kind === undefined ? {} : { [kind === 'gt' ? 'exclusiveMinimum' : 'minimum']: value };
}

function upperBound({ case: kind, value }: Bound): JsonSchema {
  return kind === undefined ? {} : { [kind === 'lt' ? 'exclusiveMaximum' : 'maximum']: value };
}

function itemRules(rules: FieldRules | undefined): FieldRules | undefined {
  return rules?.type.case === 'repeated' ? rules.type.value.items : undefined;
}

function listBounds(rules: FieldRules | undefined): JsonSchema {
  if (rules?.type.case !== 'repeated') return {};
  const { minItems, maxItems } = rules.type.value;
  return {
    ...(minItems > 0n ? { minItems: Number(minItems) } : {}),
    ...(maxItems > 0n ? { maxItems: Number(maxItems) } : {}),
  };
}

function mapBounds(rules: FieldRules | undefined): JsonSchema {
  if (rules?.type.case !== 'map' || rules.type.value.maxPairs === 0n) return {};
  return { maxProperties: Number(rules.type.value.maxPairs) };
}
