import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import fc from 'fast-check';

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
const enumNumbers = fc.constantFrom(0, 1, 2, 6, 7, 99, -1);
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
  if (field.enum !== undefined) return enumNumbers;
  return scalar(field.scalar ?? ScalarType.STRING);
}

function anyValue(field: DescField): fc.Arbitrary<unknown> {
  const one = element(field);
  if (field.fieldKind === 'list') return fc.array(one, { maxLength: 3 });
  if (field.fieldKind === 'map') return fc.dictionary(texts, one, { maxKeys: 3 });
  return one;
}

/** Any message of a type, its bounds straddled; absent fields too. */
export function messageOf(message: DescMessage): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries(
    message.fields.filter(({ oneof }) => oneof === undefined).map((field) => [field.localName, anyValue(field)]),
  );
  const choices = message.oneofs.map((oneof) => {
    const cases = oneof.fields.map((field) => anyValue(field).map((value) => ({ case: field.localName, value })));
    return [oneof.localName, fc.oneof(...cases)] as const;
  });
  return fc.record({ ...fields, ...Object.fromEntries(choices) }, { requiredKeys: [] });
}
