import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { PalateError } from '../../errors.ts';
import { syncFolderNow } from '../../files/sync-folder.ts';
import { writeAll } from '../../files/write-all.ts';
import type { Archive } from '../fold/archive.ts';
import { ArchiveWriter } from './archive-writer.ts';
import {
  encodeHeader,
  encodeSection,
  encodeTrailer,
  joinedChecksum,
  type SectionType,
  type SnapshotHeader,
  trailerBytes,
  zeros,
} from './format.ts';

/** What is below this is gathered before it is written. */
const bufferBytes = 1_048_576;

/**
 * Writes a snapshot whole or not at all: under another name first, synced, then renamed, and the folder synced. Answers
 * its size in bytes. It holds the thread until it is done: for a worker or a command.
 * @throws PalateError SNAPSHOT_FAILED; nothing is left behind then.
 */
export function writeSnapshot(path: string, header: SnapshotHeader, persist: (archive: Archive) => void): number {
  const temporary = `${path}.new`;
  try {
    const bytes = writeFile(temporary, header, persist);
    renameSync(temporary, path);
    syncFolderNow(dirname(path));
    return bytes;
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new PalateError('SNAPSHOT_FAILED', `the snapshot ${path} could not be written`, { cause });
  }
}

function writeFile(path: string, header: SnapshotHeader, persist: (archive: Archive) => void): number {
  const file = openSync(path, 'w');
  try {
    const output = new BufferedFile(file);
    output.write(encodeHeader(header));
    let sections = 0;
    let checksum = 0;
    persist(
      new ArchiveWriter((name: string, type: SectionType, content: Uint8Array) => {
        const head = encodeSection(name, type, content);
        for (const part of [head, content, zeros(content.byteLength)]) output.write(part);
        checksum = joinedChecksum(checksum, head.readUInt32LE(28));
        sections += 1;
      }),
    );
    const fileBytes = output.bytes + trailerBytes;
    output.write(encodeTrailer({ sections, fileBytes, checksum }));
    output.flush();
    fsyncSync(file);
    return fileBytes;
  } finally {
    closeSync(file);
  }
}

/** Gathers what is small, and passes on what is large as it is. */
class BufferedFile {
  readonly #file: number;
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  #gathered = 0;
  /** Taken so far. */
  bytes = 0;

  constructor(file: number) {
    this.#file = file;
  }

  write(bytes: Uint8Array): void {
    this.bytes += bytes.byteLength;
    if (this.#gathered + bytes.byteLength > bufferBytes) this.flush();
    if (bytes.byteLength > bufferBytes) {
      writeAll(this.#file, bytes);
      return;
    }
    this.#buffer.set(bytes, this.#gathered);
    this.#gathered += bytes.byteLength;
  }

  flush(): void {
    writeAll(this.#file, this.#buffer.subarray(0, this.#gathered));
    this.#gathered = 0;
  }
}
