/**
 * Counts touches in stretches, so that of many touches in short order only the first moves anything: who stands in a line
 * by their latest touch stands there by the first one of its stretch. While a line has room for as many again as it holds,
 * touches are not looked at, since those who are touched at all will be touched again before anybody has to leave.
 */
import type { Archive } from './archive.ts';

/** A stretch has so many times fewer touches than a line has rows: what was touched in it is far from leaving. */
const share = 8;

export class Stretches {
  readonly #length: number;
  #left: number;
  #number = 1;

  /** So many must be held before touches count. */
  readonly from: number;

  /** `max`: the most that the line holds. Below 16, each touch is a stretch of its own. */
  constructor(max: number) {
    this.#length = Math.max(1, Math.floor(max / share));
    this.#left = this.#length;
    this.from = Math.ceil(max / 2);
  }

  /** One touch more; answers the number of its stretch, never 0. */
  touch(): number {
    if (this.#left === 0) this.#begin();
    this.#left--;
    return this.#number;
  }

  #begin(): void {
    this.#left = this.#length;
    this.#number = this.#number === 0x7fff_ffff ? 1 : this.#number + 1;
  }

  persist(archive: Archive): void {
    [this.#left, this.#number] = archive.numbers('stretch', [this.#left, this.#number]);
  }
}
