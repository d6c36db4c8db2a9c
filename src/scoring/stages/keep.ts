/**
 * Puts photos into the object store beside the work: no answer waits for it, and none fails with it.
 *
 * Where the store falls behind, photos that find no room in the line are not kept: the log says how many, and the counts do.
 * The alternative, to slow the answers down to the disk's pace, would let a slow disk take the scorer down; a score stands
 * without its photo.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { isPalateError } from '../../errors.ts';
import type { Log } from '../../rpc/log.ts';
import type { ObjectName, ObjectStore } from '../../storage/objects/object-store.ts';
import type { Clock } from '../batcher/clock.ts';

export interface KeeperOptions {
  readonly clock: Clock;
  readonly objects: ObjectStore;
  readonly log: Log;
  /** Photos in line or being written. */
  readonly maxPhotos: number;
  /** Their bytes. */
  readonly maxBytes: number;
  /**
   * Written at once. Default 2: a write holds one of the process's few threads for files, which decoding needs too, until
   * the disk has it.
   */
  readonly concurrency?: number;
}

export interface KeeperCounts {
  readonly kept: number;
  /** The store refused them. */
  readonly failed: number;
  /** There was no room in the line. */
  readonly dropped: number;
}

interface Photo {
  readonly name: ObjectName;
  readonly bytes: Uint8Array;
}

/** One line in the log for all that went wrong in this time. */
const quietMillis = 10_000;

export class Keeper {
  readonly #options: Required<KeeperOptions>;
  readonly #line: Photo[] = [];
  readonly #writing = new Map<Promise<void>, ObjectName>();
  readonly #counts = { kept: 0, failed: 0, dropped: 0 };
  /** What the log was told last, and when. */
  #told = { failed: 0, dropped: 0, atMillis: Number.NEGATIVE_INFINITY };
  #bytes = 0;
  /** There where something in line is about to be written. */
  #turn: Promise<void> | undefined;

  constructor(options: KeeperOptions) {
    this.#options = { concurrency: 2, ...options };
  }

  get counts(): KeeperCounts {
    return { ...this.#counts };
  }

  /** Photos in line or being written. */
  get underWay(): number {
    return this.#line.length + this.#writing.size;
  }

  /** Keeps a photo, by and by. Its bytes must stay as they are: hand no buffer of theirs to another thread. */
  keep(name: ObjectName, bytes: Uint8Array): void {
    const { maxPhotos, maxBytes } = this.#options;
    if (this.underWay >= maxPhotos || this.#bytes + bytes.length > maxBytes) {
      this.#counts.dropped += 1;
      this.#tell('the object store is behind: photos were not kept', {});
      return;
    }
    this.#bytes += bytes.length;
    this.#line.push({ name, bytes });
    // In a turn of its own, when the photo's answer is out.
    this.#turn ??= nextTurn().then(() => this.#begin());
  }

  /** Resolves when all that was given to it is kept or has failed, and the log knows. */
  async settled(): Promise<void> {
    while (this.underWay > 0) await Promise.all([this.#turn, ...this.#writing.keys()]);
    const { failed, dropped } = this.#told;
    if (this.#counts.failed > failed || this.#counts.dropped > dropped) this.#tellNow('photos were not kept', {});
  }

  /** Takes a photo that was given to it out of the line, and out of the store. */
  async remove(name: ObjectName): Promise<void> {
    const isIt = (other: ObjectName) => other.sha256 === name.sha256 && other.tenant === name.tenant;
    for (const photo of this.#line.filter((each) => isIt(each.name))) {
      this.#line.splice(this.#line.indexOf(photo), 1);
      this.#bytes -= photo.bytes.length;
    }
    for (const [written, other] of this.#writing) if (isIt(other)) await written;
    await this.#options.objects.delete(name);
  }

  #begin(): void {
    this.#turn = undefined;
    this.#next();
  }

  #next(): void {
    while (this.#writing.size < this.#options.concurrency) {
      const photo = this.#line.shift();
      if (photo === undefined) return;
      const written = this.#write(photo).finally(() => {
        this.#writing.delete(written);
        this.#next();
      });
      this.#writing.set(written, photo.name);
    }
  }

  async #write({ name, bytes }: Photo): Promise<void> {
    try {
      await this.#options.objects.put(name, bytes);
      this.#counts.kept += 1;
    } catch (error) {
      this.#counts.failed += 1;
      const reason = isPalateError(error) ? error.reason : 'INTERNAL';
      this.#tell('photos could not be kept', { reason, sha256: name.sha256, err: error });
    } finally {
      this.#bytes -= bytes.length;
    }
  }

  /** What went wrong since the last line is in the next one. */
  #tell(message: string, fields: object): void {
    if (this.#options.clock.now() - this.#told.atMillis >= quietMillis) this.#tellNow(message, fields);
  }

  #tellNow(message: string, fields: object): void {
    const { clock, log } = this.#options;
    const { failed, dropped } = this.#counts;
    log.warn({ ...fields, failed: failed - this.#told.failed, dropped: dropped - this.#told.dropped }, message);
    this.#told = { failed, dropped, atMillis: clock.now() };
  }
}
