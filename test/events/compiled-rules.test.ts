import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import fc from 'fast-check';
import { HealthListResponseSchema } from '../../gen/grpc/health/v1/health_pb.ts';
import { ItemPatchedSchema } from '../../gen/palate/event/v1/catalogue_pb.ts';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { compileRules } from '../../src/events/compiled-rules.ts';
import { payloadTypes } from '../../src/events/payloads.ts';
import { messageOf } from './any-message.ts';

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
