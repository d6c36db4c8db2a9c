/** How well a state keeps up with a journal elsewhere. Times are milliseconds of one clock that never goes back. */
export interface FreshnessOptions {
  /** At most so many sequences behind counts as keeping up. */
  readonly maxLagEvents: number;
  /** Not current when it has not kept up, or nothing was heard, for longer. */
  readonly maxLagMillis: number;
}

/** The journal's end, as it was told at a moment. */
interface Mark {
  readonly lastSequence: number;
  readonly atMillis: number;
}

/** Marks lie so far apart: lag need not be known finer. */
const markMillis = 20;
/** More are not kept: every other one goes. */
const maxMarks = 512;

export class Freshness {
  readonly #options: FreshnessOptions;
  /** Ends that the state has not reached yet, rising in both. */
  #marks: Mark[] = [];
  #lastSequence = 0;
  #toldAtMillis = Number.NEGATIVE_INFINITY;
  #keptUpAtMillis = Number.NEGATIVE_INFINITY;
  #completeAtMillis = Number.NEGATIVE_INFINITY;

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  /** The journal's last durable sequence, as last heard; 0: nothing was. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The owner says where its journal ends. */
  heard(lastSequence: number, nowMillis: number): void {
    this.#lastSequence = lastSequence;
    this.#toldAtMillis = nowMillis;
    const newest = this.#marks.at(-1);
    if (newest !== undefined && nowMillis - newest.atMillis < markMillis) return;
    this.#marks.push({ lastSequence, atMillis: nowMillis });
    if (this.#marks.length > maxMarks) this.#marks = this.#marks.filter((_, at) => at % 2 === 0);
  }

  /** The state has folded up to here. */
  folded(sequence: number): void {
    const waiting = this.#marks.findIndex(({ lastSequence }) => lastSequence > sequence);
    const reached = waiting < 0 ? this.#marks.length : waiting;
    if (reached > 0) {
      this.#completeAtMillis = this.#marks[reached - 1]!.atMillis;
      this.#marks.splice(0, reached);
    }
    if (this.#lastSequence - sequence <= this.#options.maxLagEvents) this.#keptUpAtMillis = this.#toldAtMillis;
  }

  /** Is the state as fresh as asked for? */
  isCurrent(nowMillis: number): boolean {
    return nowMillis - this.#keptUpAtMillis <= this.#options.maxLagMillis;
  }

  /** How long ago the state had all of the journal; Infinity: never. */
  lagMillis(nowMillis: number): number {
    return nowMillis - this.#completeAtMillis;
  }
}
