/** A file of events, whatever its format: opened, unpacked, and read as events with the line or place of each. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { isPalateError, PalateError } from '../errors.ts';
import { readDelimited } from './delimited.ts';
import { readNdjson } from './ndjson.ts';
import { readTable, type TableOptions } from './table.ts';

/** The formats that `palate load` takes. */
export const fileFormats = ['csv', 'tsv', 'ndjson', 'protobuf'] as const;
export type FileFormat = (typeof fileFormats)[number];

export interface EventFileOptions extends TableOptions {
  /** Absent: from the file's name. */
  readonly format?: FileFormat | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface EventFile {
  readonly path: string;
  readonly format: FileFormat;
  /** Of the file as it lies there, packed or not. */
  readonly sizeBytes: number;
  /** How much of it was read so far. */
  readBytes(): number;
  /** The events in their order. Throws INPUT_UNREADABLE, naming file and line. */
  events(): AsyncIterable<Event>;
}

const formatByEnding: Readonly<Record<string, FileFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  txt: 'tsv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  binpb: 'protobuf',
  pb: 'protobuf',
  protobuf: 'protobuf',
};

/** Opens a file of events. Throws INPUT_UNREADABLE where there is none, or where its format cannot be told. */
export async function openEventFile(path: string, options: EventFileOptions): Promise<EventFile> {
  const format = options.format ?? formatOf(path);
  const sizeBytes = await sizeOf(path);
  let readBytes = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(path, { highWaterMark: 262_144, signal: options.signal })) {
      readBytes += chunk.length;
      yield chunk;
    }
  }
  return {
    path,
    format,
    sizeBytes,
    readBytes: () => readBytes,
    events: () => named(path, parse(format, isPacked(path) ? unpack(chunks()) : chunks(), path, options)),
  };
}

function formatOf(path: string): FileFormat {
  const ending = path.toLowerCase().replace(/\.gz$/, '').split('.').at(-1) ?? '';
  const format = formatByEnding[ending];
  if (format !== undefined) return format;
  throw new PalateError('INPUT_UNREADABLE', `${path}: cannot tell its format from its name; give --format`);
}

function isPacked(path: string): boolean {
  return path.toLowerCase().endsWith('.gz');
}

async function sizeOf(path: string): Promise<number> {
  try {
    const stats = await stat(path);
    if (!stats.isDirectory()) return stats.size;
  } catch (cause) {
    throw new PalateError('INPUT_UNREADABLE', `${path}: cannot be read`, { cause });
  }
  throw new PalateError('INPUT_UNREADABLE', `${path}: is a folder`);
}

async function* unpack(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 262_144 });
  const feeding = feed(packed, gunzip);
  feeding.catch((error) => gunzip.destroy(error));
  yield* gunzip;
  await feeding;
}

async function feed(packed: AsyncIterable<Uint8Array>, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  for await (const chunk of packed) {
    if (gunzip.destroyed) return;
    if (!gunzip.write(chunk))
      await new Promise<void>((resolve) => gunzip.once('drain', resolve).once('close', resolve));
  }
  gunzip.end();
}

function parse(
  format: FileFormat,
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  options: TableOptions,
): AsyncIterable<Event> {
  switch (format) {
    case 'csv':
      return readTable(chunks, ',', basename(path), options);
    case 'tsv':
      return readTable(chunks, '\t', basename(path), options);
    case 'ndjson':
      return readNdjson(chunks);
    case 'protobuf':
      return readDelimited(chunks);
  }
}

/** Every failure names the file. */
async function* named(path: string, events: AsyncIterable<Event>): AsyncGenerator<Event> {
  try {
    yield* events;
  } catch (error) {
    if (isPalateError(error)) throw new PalateError('INPUT_UNREADABLE', `${path}: ${error.message}`, { cause: error });
    const message = error instanceof Error ? error.message : String(error);
    throw new PalateError('INPUT_UNREADABLE', `${path}: ${message}`, { cause: error });
  }
}
