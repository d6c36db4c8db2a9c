import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { PalateError } from '../../errors.ts';
import type { Section } from './archive-reader.ts';
import {
  checksumOfContent,
  checksumOfSection,
  decodeHeader,
  decodeSection,
  decodeTrailer,
  headerBytes,
  joinedChecksum,
  longestName,
  padded,
  type SnapshotHeader,
  sectionHeaderBytes,
  type Trailer,
  trailerBytes,
  zeros,
} from './format.ts';

/** A snapshot of which every byte was checked. */
export interface ReadSnapshot {
  readonly header: SnapshotHeader;
  /** By name, in the order of the file. */
  readonly sections: Map<string, Section>;
  readonly bytes: number;
}

/** Read at a time, where sections are small. */
const windowBytes = 1_048_576;
/** Other work gets its turn after so many bytes: about five milliseconds. */
const sliceBytes = 8 * 1_048_576;

/**
 * Reads a snapshot whole and checks all of it before anything of it is given out.
 * @throws PalateError SNAPSHOT_UNUSABLE, naming file, section and offset.
 */
export async function readSnapshot(path: string, signal?: AbortSignal): Promise<ReadSnapshot> {
  return withFile(path, async (file) => {
    const header = headerOf(file);
    const trailer = trailerOf(file);
    const sections = new Map<string, Section>();
    let checksum = 0;
    let slice = 0;
    while (file.at < file.bytes - trailerBytes) {
      const from = file.at;
      checksum = joinedChecksum(checksum, readSection(file, sections));
      slice += file.at - from;
      if (slice < sliceBytes) continue;
      slice = 0;
      await setImmediate();
      signal?.throwIfAborted();
    }
    if (sections.size !== trailer.sections || checksum !== trailer.checksum) {
      throw file.damaged('its sections are not those that its trailer counts');
    }
    return { header, sections, bytes: file.bytes };
  });
}

/** Reads what a snapshot is of, and no more. Throws as {@link readSnapshot} does. */
export async function readSnapshotHeader(path: string): Promise<SnapshotHeader> {
  return withFile(path, async (file) => headerOf(file));
}

async function withFile<T>(path: string, read: (file: SnapshotFile) => Promise<T>): Promise<T> {
  const file = new SnapshotFile(path);
  try {
    return await read(file);
  } finally {
    file.close();
  }
}

function headerOf(file: SnapshotFile): SnapshotHeader {
  if (file.bytes < headerBytes + trailerBytes) throw file.damaged(`it ends after ${file.bytes} bytes`);
  const header = decodeHeader(file.take(headerBytes));
  if (header === undefined) throw file.damaged('its header is damaged');
  if (!('otherVersion' in header)) return header;
  throw new PalateError('SNAPSHOT_UNUSABLE', `${file.name} has format version ${header.otherVersion}`);
}

function trailerOf(file: SnapshotFile): Trailer {
  const trailer = decodeTrailer(file.peekEnd(trailerBytes));
  if (trailer === undefined || trailer.fileBytes !== file.bytes) {
    throw file.damaged('its end is damaged or cut off');
  }
  return trailer;
}

/** Answers the checksum of the section's header, which has that of its content. */
function readSection(file: SnapshotFile, sections: Map<string, Section>): number {
  const from = file.at;
  const head = Buffer.from(file.take(sectionHeaderBytes));
  const { nameBytes, type, contentBytes, checksum, headerChecksum } = decodeSection(head);
  if (nameBytes > longestName) throw file.damaged(`the section at offset ${from} is damaged`);
  const nameWords = file.take(padded(nameBytes));
  if (checksumOfSection(head, nameWords) !== headerChecksum) {
    throw file.damaged(`the section at offset ${from} is damaged in its header`);
  }
  const name = nameWords.toString('utf8', 0, nameBytes);
  const content = file.takeInto(contentBytes);
  const filling = file.take(zeros(contentBytes).length);
  if (checksumOfContent(new Uint8Array(content)) !== checksum || filling.some((byte) => byte !== 0)) {
    throw file.damaged(`section ${name} at offset ${from} is damaged`);
  }
  sections.set(name, { type, content });
  return headerChecksum;
}

/** A file read from its start to its end, through a window. */
class SnapshotFile {
  readonly name: string;
  readonly bytes: number;
  readonly #file: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  at = 0;

  constructor(path: string) {
    this.name = basename(path);
    try {
      this.#file = openSync(path, 'r');
      this.bytes = fstatSync(this.#file).size;
    } catch (cause) {
      throw new PalateError('SNAPSHOT_UNUSABLE', `the snapshot ${this.name} cannot be read`, { cause });
    }
  }

  /** The next bytes, in memory that holds until the next call. */
  take(count: number): Buffer {
    if (this.at + count > this.#windowAt + this.#window.length) this.#moveWindow(count);
    const from = this.at - this.#windowAt;
    this.at += count;
    return this.#window.subarray(from, from + count);
  }

  /** The next bytes, in memory of their own. */
  takeInto(count: number): ArrayBuffer {
    if (count > this.bytes - this.at) throw this.damaged(`the section before offset ${this.at} is cut off`);
    const content = new ArrayBuffer(count);
    const inWindow = Math.max(0, Math.min(count, this.#windowAt + this.#window.length - this.at));
    if (inWindow > 0) {
      const from = this.at - this.#windowAt;
      new Uint8Array(content).set(this.#window.subarray(from, from + inWindow));
    }
    this.#read(new Uint8Array(content, inWindow), this.at + inWindow);
    this.at += count;
    return content;
  }

  peekEnd(count: number): Buffer {
    const bytes = Buffer.alloc(count);
    this.#read(bytes, this.bytes - count);
    return bytes;
  }

  damaged(what: string): PalateError {
    return new PalateError('SNAPSHOT_UNUSABLE', `the snapshot ${this.name} is not used: ${what}`);
  }

  close(): void {
    closeSync(this.#file);
  }

  #moveWindow(needed: number): void {
    const length = Math.min(Math.max(needed, windowBytes), this.bytes - this.at);
    if (length < needed) throw this.damaged(`it ends within the section before offset ${this.at}`);
    this.#window = Buffer.alloc(length);
    this.#read(this.#window, this.at);
    this.#windowAt = this.at;
  }

  #read(into: Uint8Array, position: number): void {
    try {
      for (let at = 0; at < into.byteLength; ) {
        const count = readSync(this.#file, into, at, Math.min(into.byteLength - at, 1 << 30), position + at);
        if (count === 0) throw new RangeError(`the file ends at offset ${position + at}`);
        at += count;
      }
    } catch (cause) {
      throw new PalateError('SNAPSHOT_UNUSABLE', `the snapshot ${this.name} cannot be read`, { cause });
    }
  }
}
