/**
 * Events as a table: CSV (RFC 4180) or TSV with a line of column names. Each row is one event of one type; a column is a
 * field of `Event` or of that type's payload, by its name in any common spelling (`item_id`, `itemId`, `ItemId`).
 */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { fromJson, type JsonObject, type JsonValue, ScalarType } from '@bufbuild/protobuf';
import { parse } from 'csv-parse';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../errors.ts';
import { type PayloadType, payloadTypes } from '../events/payloads.ts';

export interface TableOptions {
  /** The type of the rows, as the payload's field is named. Default: item_viewed. */
  readonly type?: string | undefined;
  /** Columns that are passed over. */
  readonly skipColumns?: readonly string[] | undefined;
}

/** Puts one cell into the JSON form of an event. */
type Cell = (text: string, event: JsonObject, payload: JsonObject) => void;

const envelopeColumns = ['event_id', 'user_id', 'visitor_id', 'session_id', 'occurred_at'];

/** Names that published data sets give to a time. */
const timeNames = new Set(['time', 'timestamp', 'event_time', 'ts', 'date']);

/** Throws INPUT_UNREADABLE: an unknown type or column, a row that does not fit. */
export async function* readTable(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: string,
  source: string,
  options: TableOptions,
): AsyncGenerator<Event> {
  const payload = payloadType(options.type ?? 'item_viewed');
  const quoting = delimiter === ',' ? {} : { quote: null };
  const parser = parse({ delimiter, bom: true, skip_empty_lines: true, info: true, ...quoting });
  const rows: AsyncIterable<{ record: string[]; info: { lines: number } }> = Readable.from(chunks).compose(parser);
  let cells: Cell[] | undefined;
  for await (const { record, info } of rows) {
    if (cells === undefined) cells = record.map((column) => cellOf(column, payload, options.skipColumns ?? []));
    else yield rowEvent(record, cells, payload, source, info.lines);
  }
}

function payloadType(name: string): PayloadType {
  const found = payloadTypes.find((type) => type.name === snakeCase(name));
  if (found !== undefined) return found;
  const known = payloadTypes.map((type) => type.name).join(', ');
  throw new PalateError('INPUT_UNREADABLE', `there is no event type ${JSON.stringify(name)}; there are ${known}`);
}

/** `ItemId`, `itemId`, `item id` → `item_id`. */
function snakeCase(name: string): string {
  return name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();
}

function cellOf(column: string, type: PayloadType, skipColumns: readonly string[]): Cell {
  const name = snakeCase(column);
  if (skipColumns.includes(column) || skipColumns.includes(name)) return () => undefined;
  if (name === 'occurred_at' || timeNames.has(name)) {
    return (text, event) => {
      event['occurredAt'] = isoTime(text);
    };
  }
  if (envelopeColumns.includes(name)) return envelopeCell(name);
  return payloadCell(column, name, type);
}

function envelopeCell(name: string): Cell {
  const key = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return (text, event) => {
    event[key] = text;
  };
}

function payloadCell(column: string, name: string, type: PayloadType): Cell {
  const fields = type.field.message?.fields ?? [];
  const field = fields.find((candidate) => candidate.name === name);
  if (field?.fieldKind === 'scalar') {
    const convert = field.scalar === ScalarType.BOOL ? (text: string) => text === 'true' || text === '1' : undefined;
    return (text, _event, payload) => {
      if (text !== '') payload[field.jsonName] = convert?.(text) ?? text;
    };
  }
  if (field?.fieldKind === 'enum') {
    return (text, _event, payload) => {
      if (text !== '') payload[field.jsonName] = text;
    };
  }
  const known = [...envelopeColumns, ...fields.filter(isColumn).map((candidate) => candidate.name)].join(', ');
  throw new PalateError(
    'INPUT_UNREADABLE',
    `column ${JSON.stringify(column)} is no field of ${type.name}; there are ${known}; pass over others with --skip-columns`,
  );
}

function isColumn(field: { readonly fieldKind: string }): boolean {
  return field.fieldKind === 'scalar' || field.fieldKind === 'enum';
}

/** Seconds or milliseconds since 1970, or anything that ISO 8601 allows. */
function isoTime(text: string): string {
  const number = Number(text);
  const millis = text === '' || Number.isNaN(number) ? Date.parse(text) : number > 1e11 ? number : number * 1e3;
  if (Number.isNaN(millis)) throw new PalateError('INPUT_UNREADABLE', `${JSON.stringify(text)} is no time`);
  return new Date(millis).toISOString();
}

function rowEvent(
  record: readonly string[],
  cells: readonly Cell[],
  type: PayloadType,
  source: string,
  line: number,
): Event {
  const payload: Record<string, JsonValue> = {};
  const event: Record<string, JsonValue> = { [type.field.jsonName]: payload };
  try {
    cells.forEach((cell, index) => {
      cell(record[index] ?? '', event, payload);
    });
    event['eventId'] ??= rowEventId(source, line, record);
    return fromJson(EventSchema, event);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PalateError('INPUT_UNREADABLE', `line ${line}: ${message}`, { cause });
  }
}

/**
 * A row without an id gets one that follows from its file's name, its line and its cells (UUID version 8, RFC 9562), so
 * that loading the same file again makes duplicates, not new events.
 */
function rowEventId(source: string, line: number, record: readonly string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([source, line, record]))
    .digest();
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
