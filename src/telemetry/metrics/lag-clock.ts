/** Marks lie so far apart: lag need not be known finer. */
const markMillis = 20;
/** More are not kept: every other one goes. */
const maxMarks = 512;

interface Mark {
  readonly sequence: number;
  readonly atMillis: number;
}

/** Tells for how long a follower of a sequence has been behind: since the first moment whose sequence it has not reached. */
export class LagClock {
  #marks: Mark[] = [];

  /** The sequence has come so far. Times are milliseconds of one clock that never goes back. */
  reached(sequence: number, nowMillis: number): void {
    const newest = this.#marks.at(-1);
    if (newest !== undefined && nowMillis - newest.atMillis < markMillis) return;
    this.#marks.push({ sequence, atMillis: nowMillis });
    if (this.#marks.length > maxMarks) this.#marks = this.#marks.filter((_, at) => at % 2 === 0);
  }

  /** How long ago there was something that a follower at `sequence` has not seen; 0: it has seen all. */
  lagMillis(sequence: number, nowMillis: number): number {
    const first = this.#marks.findIndex((mark) => mark.sequence > sequence);
    if (first !== 0) this.#marks.splice(0, first < 0 ? this.#marks.length : first);
    const oldest = this.#marks[0];
    return oldest === undefined ? 0 : nowMillis - oldest.atMillis;
  }
}
