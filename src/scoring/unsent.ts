/**
 * What the outbox has not sent yet, in a file: a score that was answered reaches the journal also when the process is killed
 * in between. An event is written before its answer goes out, and waits for no disk: it outlives the process, and is
 * most likely lost with the machine. What was sent stays in the file until it is cut; sent again, it is a duplicate.
 *
 * Format: for each event its length, in 32 bits, the CRC-32 of the rest, the tenant's length in a byte, the tenant, the event.
 */

import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { PalateError } from '../errors.ts';
import { writeAll } from '../files/write-all.ts';
import type { Log } from '../rpc/log.ts';

export interface UnsentEvent {
  readonly tenant: string;
  readonly event: Uint8Array;
}

/** Sent events are cut from the file when they take so many bytes more than the others. */
const slackBytes = 65_536;
const headBytes = 8;

export class UnsentEvents {
  readonly #path: string;
  readonly #log: Log;
  readonly #waiting = new Set<Buffer>();
  #waitingBytes = 0;
  #file: number;
  #fileBytes = 0;
  #isFailing = false;
  #isClosed = false;
  #isUsed = false;

  /** Opens the file of a folder. @throws PalateError STORAGE_FAILED */
  constructor(folder: string, log: Log) {
    this.#path = join(folder, 'unsent.log');
    this.#log = log;
    try {
      rmSync(this.#draft, { force: true });
      this.#file = openSync(this.#path, 'a', 0o600);
    } catch (cause) {
      throw new PalateError('STORAGE_FAILED', `${this.#path} can't be opened`, { cause });
    }
  }

  /** What an earlier process left: to be added anew, and then to be cut off by `forgetSent`. */
  left(): readonly UnsentEvent[] {
    const bytes = readFileSync(this.#path);
    const events: UnsentEvent[] = [];
    for (let at = 0; at + headBytes < bytes.length; ) {
      const end = at + headBytes + bytes.readUInt32BE(at);
      const rest = bytes.subarray(at + headBytes, end);
      // The end of a write that was cut short.
      if (end > bytes.length || crc32(rest) !== bytes.readUInt32BE(at + 4)) break;
      const tenantEnd = 1 + rest[0]!;
      events.push({ tenant: rest.toString('latin1', 1, tenantEnd), event: rest.subarray(tenantEnd) });
      at = end;
    }
    this.#fileBytes = bytes.length;
    return events;
  }

  /** Takes an event down. Returns what is to be called when it was sent. A disk that refuses it costs no event: the log says so. */
  add(tenant: string, event: Uint8Array): () => void {
    const entry = encode(tenant, event);
    this.#isUsed = true;
    this.#waiting.add(entry);
    this.#waitingBytes += entry.length;
    // What a failed write left in the file hides what comes behind it.
    this.#guarded(() => (this.#isFailing ? this.#rewrite() : this.#append([entry])));
    return () => this.#sent(entry);
  }

  /** Leaves in the file only what waits. */
  forgetSent(): void {
    if (this.#fileBytes === this.#waitingBytes) return;
    this.#guarded(() => (this.#waiting.size === 0 ? this.#empty() : this.#rewrite()));
  }

  /** What is sent from now on stays in the file. */
  close(): void {
    // What an earlier process left stays until it was added anew.
    if (this.#isUsed) this.forgetSent();
    this.#isClosed = true;
    closeSync(this.#file);
  }

  get #draft(): string {
    return `${this.#path}.new`;
  }

  #sent(entry: Buffer): void {
    if (this.#isClosed || !this.#waiting.delete(entry)) return;
    this.#waitingBytes -= entry.length;
    if (this.#fileBytes > 2 * this.#waitingBytes + slackBytes) this.forgetSent();
  }

  #append(entries: Iterable<Buffer>): void {
    const bytes = Buffer.concat([...entries]);
    writeAll(this.#file, bytes);
    this.#fileBytes += bytes.length;
  }

  #empty(): void {
    ftruncateSync(this.#file);
    this.#fileBytes = 0;
  }

  #rewrite(): void {
    const old = this.#file;
    this.#file = openSync(this.#draft, 'w', 0o600);
    closeSync(old);
    this.#fileBytes = 0;
    this.#append(this.#waiting);
    renameSync(this.#draft, this.#path);
  }

  /** The first of several failures in a row is logged. */
  #guarded(write: () => void): void {
    try {
      write();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#log.warn({ err: error }, 'scores that are not sent yet would not outlive a crash');
      this.#isFailing = true;
    }
  }
}

function encode(tenant: string, event: Uint8Array): Buffer {
  const entry = Buffer.alloc(headBytes + 1 + tenant.length + event.length);
  entry[headBytes] = tenant.length;
  entry.write(tenant, headBytes + 1, 'latin1');
  entry.set(event, headBytes + 1 + tenant.length);
  entry.writeUInt32BE(entry.length - headBytes);
  entry.writeUInt32BE(crc32(entry.subarray(headBytes)), 4);
  return entry;
}
