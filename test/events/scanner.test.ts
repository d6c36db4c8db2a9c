import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, type DescField, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { MealScoredSchema } from '../../gen/palate/event/v1/meal_pb.ts';
import { payloadTypes } from '../../src/events/payloads.ts';
import type { ScanLayout } from '../../src/events/scan-layout.ts';
import { eventLayout, eventSlots, payloadLayout, scannedPayloads } from '../../src/events/scanned-event.ts';
import { EventScanner } from '../../src/events/scanner.ts';
import { event, eventBytes, samplePayloads } from './event-samples.ts';

const scanner = new EventScanner();

describe('EventScanner', () => {
  it('reads every frequent payload itself, and leaves every other', () => {
    for (const [name, payload] of Object.entries(samplePayloads)) {
      const isFrequent = (scannedPayloads as readonly string[]).includes(name);
      assert.equal(scanner.scan(eventBytes(payload)), isFrequent, name);
    }
  });

  it('reads what a decoder reads, whatever stands in the bytes', () => {
    let read = 0;
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        if (!scanner.scan(bytes)) return;
        read++;
        assertEqual(bytes);
      }),
      { numRuns: 3_000 },
    );
    assert.ok(read > 200, `only ${read} of 3,000 were read`);
  });

  it('leaves bytes that no decoder takes, wherever one is changed or the end is cut off', () => {
    fc.assert(
      fc.property(sampleBytes, fc.nat(), fc.nat(255), fc.boolean(), (sample, at, value, isCut) => {
        const bytes = isCut ? sample.slice(0, at % sample.length) : sample.with(at % sample.length, value);
        if (scanner.scan(bytes)) assertEqual(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  it('merges what is said twice, the last value counting, and goes on with lists', () => {
    const first = event({ case: 'listViewed', value: { listId: 'a', itemIds: ['1', '2'] } }, { userId: 'ann' });
    const second = event({ case: 'listViewed', value: { listId: '', itemIds: ['3'] } }, { userId: 'bob' });
    const bytes = Buffer.concat([toBinary(EventSchema, first), toBinary(EventSchema, second)]);
    assert.ok(scanner.scan(bytes));
    assertEqual(bytes);
    assert.equal(scanner.elements, 3);
    assert.equal(scanner.text(eventSlots.userId), 'bob');
  });

  it('reads of what is wanted what it reads of the whole, and passes the rest over', () => {
    const layout = payloadLayout('itemViewed');
    layout.want('itemId');
    const lean = new EventScanner('wanted');
    const slots = [eventSlots.userId, eventSlots.visitorId, eventSlots.sessionId, layout.slot('itemId')];
    let read = 0;
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        if (!scanner.scan(bytes)) return;
        assert.ok(lean.scan(bytes));
        assert.equal(lean.payload, scanner.payload);
        assert.deepEqual(lean.occurredAtMicros(), scanner.occurredAtMicros());
        for (const slot of slots) assert.equal(lean.text(slot), scanner.text(slot));
        read++;
      }),
      { numRuns: 3_000 },
    );
    assert.ok(read > 200, `only ${read} of 3,000 were read`);
    const viewed = eventBytes({ case: 'itemViewed', value: { itemId: 'a', dwellSeconds: 3 } });
    assert.ok(lean.scan(viewed));
    assert.equal(lean.text(layout.slot('itemId')), 'a');
    assert.equal(lean.has(layout.slot('dwellSeconds')), false);
    assert.equal(lean.has(eventSlots.eventId), false);
  });

  it('tells where a payload lies that it does not read itself, unless it comes twice', () => {
    const lean = new EventScanner('wanted');
    const bytes = eventBytes({ case: 'mealScored', value: { imageId: 'a', score: 0.5 } });
    assert.ok(lean.scan(bytes));
    const slot = eventLayout.slots[lean.payload]!;
    const decoded = fromBinary(MealScoredSchema, bytes.subarray(lean.from(slot), lean.to(slot)));
    assert.equal(decoded.score, 0.5);
    assert.equal(lean.scan(Buffer.concat([bytes, bytes])), false);
  });

  it('takes texts beyond ASCII, and leaves those that are no UTF-8', () => {
    const bytes = eventBytes({ case: 'searchPerformed', value: { query: '\ufeffK\u00e4se \u{1f9c0}' } });
    assert.ok(scanner.scan(bytes));
    assertEqual(bytes);
    assert.equal(scanner.scan(bytes.with(bytes.indexOf(0xf0), 0xff)), false);
  });

  it('leaves a payload that another one follows', () => {
    const both = [samplePayloads.itemViewed, samplePayloads.itemClicked].map((payload) => eventBytes(payload));
    assert.equal(scanner.scan(Buffer.concat(both)), false);
  });
});

/** Every slot against the field of the decoded message. */
function assertEqual(bytes: Uint8Array): void {
  const decoded = fromBinary(EventSchema, bytes);
  const name = decoded.payload.case!;
  assert.equal(scanner.payload, payloadTypes.find(({ localName }) => localName === name)!.number);
  assertFields(eventLayout, decoded as unknown as Record<string, unknown>);
  assertFields(payloadLayout(name as (typeof scannedPayloads)[number]), decoded.payload.value as never);
}

function assertFields(layout: ScanLayout, message: Record<string, unknown>): void {
  for (const field of layout.message.fields) {
    if (field.oneof !== undefined && !field.proto.proto3Optional) continue;
    assertField(layout, field, message[field.localName]);
  }
}

function assertField(layout: ScanLayout, field: DescField, value: unknown): void {
  if (layout.kinds[field.number] === 1) {
    assert.deepEqual(Object.keys(value as object), [], `${field.toString()} is not scanned, and set`);
    return;
  }
  const slot = layout.slots[field.number]!;
  if (field.fieldKind === 'list') assertList(layout, field, value as readonly unknown[]);
  else if (field.fieldKind === 'message') {
    assert.equal(scanner.has(slot), value !== undefined, field.toString());
    if (value !== undefined) assertFields(layout.children[field.number]!, value as Record<string, unknown>);
  } else if (typeof value === 'string') assert.equal(scanner.text(slot), value);
  else assert.equal(scanner.has(slot) ? scanner.number(slot) : undefined, numberOf(scanner.has(slot), value));
}

function numberOf(isSet: boolean, value: unknown): number | undefined {
  return isSet ? Number(value) : value === undefined ? undefined : (assert.equal(Number(value), 0) as undefined);
}

function assertList(layout: ScanLayout, field: DescField, list: readonly unknown[]): void {
  assert.equal(scanner.elements, list.length);
  for (const [index, element] of list.entries()) {
    if (typeof element === 'string') {
      const text = scanner.bytes.subarray(scanner.elementFrom(index), scanner.elementTo(index));
      assert.equal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(text), element);
    } else if (typeof element === 'number') assert.equal(scanner.elementNumber(index), element);
    else {
      const child = layout.children[field.number]!;
      scanner.readElement(child, index);
      assertFields(child, element as Record<string, unknown>);
    }
  }
}

const text = fc.constantFrom('', 'a', 'item-1', 'K\u00e4se', 'x'.repeat(200), '\u{1f9c0}');
const texts = fc.array(text, { maxLength: 4 });
const double = fc.constantFrom(0, 1, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY);
const whole = fc.constantFrom(0, 1, 127, 128, 300, 0x7fff_ffff, 0xffff_ffff);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

type PayloadInit = NonNullable<MessageInitShape<typeof EventSchema>['payload']>;

function payload<T>(name: string, value: fc.Arbitrary<T>): fc.Arbitrary<PayloadInit> {
  return value.map((one) => ({ case: name, value: compact(one) }) as unknown as PayloadInit);
}

function compact<T>(value: T): T {
  return Object.fromEntries(Object.entries(value as object).filter(([, one]) => one !== undefined)) as T;
}

const price = optional(fc.record({ currencyCode: text, micros: fc.constantFrom(0n, 5n, 2n ** 40n, -5n) }));
const cart = fc.record({ itemId: text, quantity: optional(double), unitPrice: price, cartId: text });
const served = fc
  .record({ itemId: text, position: optional(whole), score: optional(double), strategy: text })
  .map(compact);

const payloads = fc.oneof(
  payload('itemViewed', fc.record({ itemId: text, dwellSeconds: optional(double), portion: optional(double) })),
  payload('itemClicked', fc.record({ itemId: text, listId: text, position: optional(whole) })),
  payload('pageViewed', fc.record({ kind: fc.constantFrom(0, 1, 6, 99, -1), url: text, category: text })),
  payload('listViewed', fc.record({ listId: text, category: text, itemIds: texts })),
  payload('searchPerformed', fc.record({ query: text, sort: text, resultItemIds: texts })),
  payload('searchPerformed', fc.record({ totalResults: optional(fc.constantFrom(0n, 7n, 2n ** 60n)) })),
  payload('searchPerformed', fc.record({ filters: fc.dictionary(text, text, { maxKeys: 2 }) })),
  payload('mediaProgressed', fc.record({ itemId: text, portion: optional(double), completed: fc.boolean() })),
  payload('cartAdded', cart),
  payload('cartRemoved', cart),
  payload('listAdded', fc.record({ listId: text, itemId: text })),
  payload('itemRated', fc.record({ itemId: text, value: optional(double), scale: optional(double) })),
  payload('recommendationServed', fc.record({ placement: text, items: fc.array(served, { maxLength: 3 }) })),
  payload('recommendationSeen', fc.record({ recommendationId: text, positions: fc.array(whole, { maxLength: 4 }) })),
  payload('stockChanged', fc.record({ itemId: text, state: fc.nat(3), quantity: optional(double) })),
);

const common = fc.record(
  {
    eventId: text,
    userId: text,
    visitorId: text,
    sessionId: text,
    occurredAt: fc.record({ seconds: fc.constantFrom(0n, 1n, 1_700_000_000n, -1n), nanos: whole.map((n) => n | 0) }),
    attribution: fc.record({ recommendationId: text, position: whole }),
    context: fc.record({ locale: text, url: text }),
  },
  { requiredKeys: [] },
);

const sampleBytes = fc
  .tuple(common, payloads)
  .map(([init, one]) =>
    toBinary(EventSchema, create(EventSchema, { ...init, payload: one } as MessageInitShape<typeof EventSchema>)),
  );

/** Fields that no version knows yet: a varint, eight bytes, a text, four bytes, a group. */
const unknownField = fc.constantFrom(
  [0x50, 0x96, 0x01],
  [0x51, 1, 2, 3, 4, 5, 6, 7, 8],
  [0xfa, 0x0f, 0x02, 0xff, 0xfe],
  [0x55, 1, 2, 3, 4],
  [0x53, 0x54],
  [0xd2, 0x09, 0x00],
);

/** Events one behind the other, fields of no version between them: to a decoder, one event. */
const anyBytes = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: sampleBytes },
      unknownField.map((field) => Uint8Array.from(field)),
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));
