import { join } from 'node:path';
import { isPalateError, PalateError } from '../errors.ts';
import { errorCode } from '../files/system-error.ts';
import type { SegmentSource } from './cursor.ts';
import type { Disk } from './disk.ts';
import { readingError } from './failure.ts';
import { emptyEnd, type FileEnd, findEnd } from './file-end.ts';
import type { Segment } from './segment.ts';
import { endToldBy, readSegment, sortSegmentNames } from './segment-list.ts';

/** A folder that is being changed by its owner can be caught between two states; so often we look again. */
const attempts = 10;

/** The segments in a folder that another process may be writing, as they were at the last look. */
export class FolderView implements SegmentSource {
  readonly disk: Disk;
  readonly #folder: string;
  readonly #includeUnproven: boolean;
  segments: readonly Segment[] = [];
  /** Of the last segment. */
  #end: FileEnd | undefined;

  constructor(disk: Disk, folder: string, includeUnproven: boolean) {
    this.disk = disk;
    this.#folder = folder;
    this.#includeUnproven = includeUnproven;
  }

  get end(): FileEnd {
    return this.#end!;
  }

  /** The last sequence that is given out. */
  get lastSequence(): number {
    return this.#includeUnproven ? this.end.wholeSequence : this.end.lastSequence;
  }

  /**
   * Looks at the folder again. Is there more, or something else, than before?
   * @throws PalateError INPUT_UNREADABLE, JOURNAL_CORRUPT, JOURNAL_FORMAT, JOURNAL_FAILED
   */
  readonly refresh = async (): Promise<boolean> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#look();
      } catch (error) {
        const isBetween = errorCode(error) === 'ENOENT' || (isPalateError(error) && error.reason === 'JOURNAL_CORRUPT');
        if (!isBetween || attempt === attempts) throw readingError(this.#folder, error);
      }
    }
  };

  async #look(): Promise<boolean> {
    const before = this.segments;
    const beforeBytes = before.at(-1)?.durableBytes;
    const segments = await this.#list();
    const last = segments.at(-1);
    if (last === undefined) throw new PalateError('INPUT_UNREADABLE', `there is no journal in ${this.#folder}`);
    const end = await this.#endOf(last, last === before.at(-1) ? this.end : emptyEnd(last));
    last.durableBytes = this.#includeUnproven ? end.wholeBytes : end.provenBytes;
    this.#end = end;
    this.segments = segments;
    return last !== before.at(-1) || last.durableBytes !== beforeBytes;
  }

  /** Segments that were there before are kept as they were, but the last: it may have grown, or be sealed by now. */
  async #list(): Promise<Segment[]> {
    const known = new Map(this.segments.map((segment) => [segment.path, segment]));
    const last = this.segments.at(-1);
    const segments: Segment[] = [];
    let sizeBefore = 0;
    for (const name of sortSegmentNames(await this.disk.list(this.#folder)).current) {
      const old = known.get(join(this.#folder, name));
      const isSettled = old !== undefined && old !== last;
      const found = isSettled ? old : await readSegment(this.disk, this.#folder, name);
      const before = segments.at(-1);
      if (before !== undefined) before.durableBytes = endToldBy(found, before, sizeBefore);
      sizeBefore = found.durableBytes;
      segments.push(old ?? found);
    }
    return segments;
  }

  async #endOf(segment: Segment, before: FileEnd): Promise<FileEnd> {
    const file = await this.disk.open(segment.path, 'read');
    try {
      return await findEnd(file, segment, before);
    } finally {
      await file.close();
    }
  }
}
