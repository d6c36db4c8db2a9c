/**
 * What a scanner has to know of a message type, from its descriptor: for each field number how its value is read and in
 * which slot it is put.
 */

import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { wireTypes } from './wire.ts';

/** How the value of a field is read. */
export const kinds = {
  /** A field that this version does not know. */
  unknown: 0,
  /** One that the scanner leaves to a full decoder. */
  foreign: 1,
  text: 2,
  /** uint32, int32 from 0 on, and enums. */
  whole: 3,
  /** uint64 and int64, from 0 to 2^49. */
  long: 4,
  bool: 5,
  double: 6,
  message: 7,
  texts: 8,
  wholes: 9,
  messages: 10,
  /** Known, and of no interest. */
  passed: 11,
  /** A payload that stays as it stands: the scanner only tells where. */
  payload: 12,
} as const;

/** Hands out the numbers of slots. */
export interface SlotCounter {
  count: number;
}

/** A message type in one place below an event: the same type in two places has two layouts. */
export class ScanLayout {
  readonly message: DescMessage;
  /** By field number; one of {@link kinds}. */
  readonly kinds: Uint8Array;
  /** As `kinds` for what `want` named; other fields are passed over. */
  readonly wanted: Uint8Array;
  /** By field number: a bit for each wire type that its values may have. */
  readonly wireTypes: Uint8Array;
  /** By field number. */
  readonly slots: Int32Array;
  /** By field number: of a field that is a message, or a list of them. */
  readonly children: (ScanLayout | undefined)[] = [];
  /** Of the fields here and in the messages below, but not in lists: from this one… */
  readonly firstSlot: number;
  /** … to before this one. */
  readonly endSlot: number;

  /** `isForeign`: says of a field that a full decoder is to read it, whatever its type. */
  constructor(message: DescMessage, counter: SlotCounter, isForeign: (field: DescField) => boolean) {
    this.message = message;
    const last = Math.max(0, ...message.fields.map(({ number }) => number));
    this.kinds = new Uint8Array(last + 1);
    this.wanted = new Uint8Array(last + 1);
    this.wireTypes = new Uint8Array(last + 1);
    this.slots = new Int32Array(last + 1);
    this.firstSlot = counter.count;
    for (const field of message.fields) {
      const kind = isForeign(field) ? kinds.foreign : kindOf(field);
      this.kinds[field.number] = kind;
      this.wanted[field.number] = kinds.passed;
      this.wireTypes[field.number] = wireTypesOf(field);
      this.slots[field.number] = counter.count++;
      if (kind === kinds.message || kind === kinds.messages) {
        this.children[field.number] = new ScanLayout(field.message!, counter, isForeign);
      }
    }
    this.endSlot = counter.count;
  }

  /** The slot of a field by its name in TypeScript. Throws an Error where the scanner does not read it. */
  slot(localName: string): number {
    const field = this.#fieldNamed(localName);
    if (this.kinds[field.number] === kinds.foreign) throw new Error(`${field.toString()} is not scanned`);
    return this.slots[field.number]!;
  }

  /** A scanner of what is wanted reads this field, too. One that `kinds` calls foreign makes it refuse the event. */
  want(localName: string): void {
    const { number } = this.#fieldNamed(localName);
    this.wanted[number] = this.kinds[number]!;
  }

  /** A scanner of what is wanted tells where this payload lies, which it can't read itself. */
  wantWhole(localName: string): void {
    this.wanted[this.#fieldNamed(localName).number] = kinds.payload;
  }

  /** The layout of a message below. */
  child(localName: string): ScanLayout {
    const child = this.children[this.#fieldNamed(localName).number];
    if (child === undefined) throw new Error(`${this.message.typeName}.${localName} is not scanned as a message`);
    return child;
  }

  #fieldNamed(localName: string): DescField {
    const field = this.message.field[localName];
    if (field === undefined) throw new Error(`${this.message.typeName} has no field ${localName}`);
    return field;
  }
}

function kindOf(field: DescField): number {
  switch (field.fieldKind) {
    case 'message':
      return field.delimitedEncoding ? kinds.foreign : kinds.message;
    case 'enum':
      return field.enum.open ? kinds.whole : kinds.foreign;
    case 'scalar':
      return field.oneof === undefined ? kindOfScalar(field.scalar) : kinds.foreign;
    case 'list':
      return kindOfList(field);
    default:
      return kinds.foreign;
  }
}

function kindOfScalar(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.STRING:
      return kinds.text;
    case ScalarType.UINT32:
    case ScalarType.INT32:
      return kinds.whole;
    case ScalarType.UINT64:
    case ScalarType.INT64:
      return kinds.long;
    case ScalarType.BOOL:
      return kinds.bool;
    case ScalarType.DOUBLE:
      return kinds.double;
    default:
      return kinds.foreign;
  }
}

function kindOfList(field: DescField & { fieldKind: 'list' }): number {
  if (field.listKind === 'message') return field.delimitedEncoding ? kinds.foreign : kinds.messages;
  if (field.listKind === 'enum') return kinds.foreign;
  const kind = kindOfScalar(field.scalar);
  return kind === kinds.text ? kinds.texts : kind === kinds.whole ? kinds.wholes : kinds.foreign;
}

/** As bits; none of a field that the scanner can't pass over. */
function wireTypesOf(field: DescField): number {
  if (field.fieldKind === 'enum') return 1 << wireTypes.VARINT;
  if (field.fieldKind === 'scalar') return 1 << wireTypeOf(field.scalar);
  if (field.fieldKind === 'map') return 1 << wireTypes.LEN;
  if (field.fieldKind === 'message') return field.delimitedEncoding ? 0 : 1 << wireTypes.LEN;
  if (field.listKind === 'message') return field.delimitedEncoding ? 0 : 1 << wireTypes.LEN;
  const one = field.listKind === 'enum' ? wireTypes.VARINT : wireTypeOf(field.scalar);
  return (1 << one) | (1 << wireTypes.LEN);
}

function wireTypeOf(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return wireTypes.LEN;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return wireTypes.I64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return wireTypes.I32;
    default:
      return wireTypes.VARINT;
  }
}
