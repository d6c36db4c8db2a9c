import type { PalateError } from '../errors.ts';

interface FailedRange {
  readonly first: number;
  last: number;
  readonly error: PalateError;
}

const maxRanges = 256;

/** The sequences of groups that failed: later ones are durable, these never will be. Neighbours are joined. */
export class FailedRanges {
  readonly #ranges: FailedRange[] = [];

  add(first: number, last: number, error: PalateError): void {
    const before = this.#ranges.at(-1);
    if (before !== undefined && before.last + 1 === first && before.error.reason === error.reason) {
      before.last = last;
      return;
    }
    this.#ranges.push({ first, last, error });
    if (this.#ranges.length > maxRanges) this.#ranges.shift();
  }

  /** Why `sequence` failed, where it did. */
  errorOf(sequence: number): PalateError | undefined {
    return this.#ranges.findLast(({ first, last }) => first <= sequence && sequence <= last)?.error;
  }
}
