import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import fc from 'fast-check';
import { HealthListResponseSchema } from '../../gen/grpc/health/v1/health_pb.ts';
import { ItemPatchedSchema } from '../../gen/palate/event/v1/catalogue_pb.ts';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { compileRules } from '../../src/events/compiled-rules.ts';
import { payloadTypes } from '../../src/events/payloads.ts';

/** Values on both sides of every bound that the contract has. */
const texts = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'item_viewed', 'EUR') },
  fc.constantFrom(
    '',
    'EU',
    'eur',
    'ä'.repeat(128),
    'ä'.repeat(129),
    'x'.repeat(256),
    'x'.repeat(257),
    '😀'.repeat(64),
    '€'.repeat(85),
    '€'.repeat(86),
  ),
  fc.uuid(),
  fc.constantFrom('ab'.repeat(32), 'AB'.repeat(32), 'not-a-uuid', 'x'.repeat(4_097), 'x'.repeat(65_537)),
);
const numbers = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0.5, 1, 4) },
  fc.constantFrom(0, -0, -1, 1.0000001, 5, 5.1, 6, 1_000, 1_001, -1_001, Number.NaN, Infinity, -Infinity, 5e-324),
);
const integers = fc.constantFrom(0, 1, 2, 6, 7, 99, 4_294_967_295);
const timestamps = fc.record({
  seconds: fc.constantFrom(-1n, 0n, 1n, 253_402_300_799n, 253_402_300_800n),
  nanos: fc.constantFrom(0, 1, 999_999_999),
});

function scalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return texts;
    case ScalarType.BYTES:
      return fc.constantFrom(new Uint8Array(0), new Uint8Array(32), new Uint8Array(33));
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return numbers;
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return fc.constantFrom(0n, 1n, 2_500_000n);
    default:
      return integers;
  }
}

function element(field: DescField): fc.Arbitrary<unknown> {
  if (field.message?.typeName === 'google.protobuf.Timestamp') return timestamps;
  if (field.message !== undefined) return messageOf(field.message);
  if (field.enum !== undefined) return integers;
  return scalar(field.scalar ?? ScalarType.STRING);
}

function anyValue(field: DescField): fc.Arbitrary<unknown> {
  const one = element(field);
  if (field.fieldKind === 'list') return fc.array(one, { maxLength: 3 });
  if (field.fieldKind === 'map') return fc.dictionary(texts, one, { maxKeys: 3 });
  return one;
}

/** Any message of a type, its bounds straddled; absent fields too. */
function messageOf(message: DescMessage): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries(
    message.fields.filter(({ oneof }) => oneof === undefined).map((field) => [field.localName, anyValue(field)]),
  );
  const choices = message.oneofs.map((oneof) => {
    const cases = oneof.fields.map((field) => anyValue(field).map((value) => ({ case: field.localName, value })));
    return [oneof.localName, fc.oneof(...cases)] as const;
  });
  return fc.record({ ...fields, ...Object.fromEntries(choices) }, { requiredKeys: [] });
}

const validator = createValidator({ failFast: true });

function assertEqual(
  message: DescMessage,
  init: Record<string, unknown>,
  compiled: (message: Message) => boolean,
): boolean {
  const value = create(message, init);
  const verdict = validator.validate(message, value);
  assert.notEqual(verdict.kind, 'error');
  assert.equal(compiled(value), verdict.kind === 'valid', verdict.violations?.join() ?? 'protovalidate finds it valid');
  return verdict.kind === 'valid';
}

describe('compiled rules say what protovalidate says', () => {
  for (const { localName, field } of payloadTypes) {
    const message = field.message!;
    test(`of ${localName}`, () => {
      const compiled = compileRules(message);
      fc.assert(
        fc.property(messageOf(message), (init) => {
          assertEqual(message, init, compiled);
        }),
        { numRuns: 150 },
      );
    });
  }

  test('of whole events', () => {
    const compiled = compileRules(EventSchema);
    let valid = 0;
    fc.assert(
      fc.property(messageOf(EventSchema), fc.boolean(), (init, isGood) => {
        const good = {
          eventId: '01910000-0000-7000-8000-000000000001',
          payload: { case: 'identityMerged', value: {} },
        };
        if (assertEqual(EventSchema, isGood ? { ...init, ...good } : init, compiled)) valid++;
      }),
      { numRuns: 500 },
    );
    assert.ok(valid > 0, 'none of them was valid');
  });

  test('of lists and maps at their bounds', () => {
    const compiled = compileRules(ItemPatchedSchema);
    for (const length of [0, 64, 65]) {
      const names = Array.from({ length }, (_, index) => `custom.${index}`);
      const custom = Object.fromEntries(names.map((name) => [name, { kind: { case: 'boolValue', value: true } }]));
      assertEqual(ItemPatchedSchema, { itemId: 'a', unset: names }, compiled);
      assertEqual(ItemPatchedSchema, { itemId: 'a', set: { custom } }, compiled);
    }
  });
});

test('a message without rules passes', () => {
  assert.equal(compileRules(HealthListResponseSchema)(create(HealthListResponseSchema)), true);
});
