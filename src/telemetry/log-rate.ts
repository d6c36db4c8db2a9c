/** Bounds how often the same message is written, so that one that is hot neither fills the disk nor hides the others. */

export type WrittenLevel = 'debug' | 'info' | 'warn' | 'error';

/** Since the process began. */
export interface LogCounts {
  readonly written: Readonly<Record<WrittenLevel, number>>;
  readonly leftOut: number;
}

export interface LogRateOptions {
  /** So often a second the same message is written; 0: always. */
  readonly repeatsPerSecond: number;
  /** Writes how many lines of a message were left out. */
  readonly tell: (level: WrittenLevel, message: string, leftOut: number) => void;
}

interface Seen {
  readonly level: WrittenLevel;
  readonly message: string;
  written: number;
  leftOut: number;
}

const secondMillis = 1_000;

/**
 * Counts each message for a second from its first line on. What is left out is told when the second is over, and at the latest when
 * the process ends: nothing is lost silently. Messages are constants of the code, so there are few of them.
 */
export class LogRate {
  readonly #options: LogRateOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #written = { debug: 0, info: 0, warn: 0, error: 0 };
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LogRateOptions) {
    this.#options = options;
    if (options.repeatsPerSecond > 0) process.once('exit', () => this.tellAll());
  }

  get counts(): LogCounts {
    return { written: { ...this.#written }, leftOut: this.#leftOut };
  }

  /** Whether this line is to be written. Debugging wants all of them. */
  admit(level: WrittenLevel, message: string): boolean {
    const { repeatsPerSecond } = this.#options;
    if (repeatsPerSecond > 0 && level !== 'debug' && !this.#hasRoom(level, message)) {
      this.#leftOut += 1;
      return false;
    }
    this.#written[level] += 1;
    return true;
  }

  #hasRoom(level: WrittenLevel, message: string): boolean {
    const seen = this.#seen.get(message) ?? { level, message, written: 0, leftOut: 0 };
    if (seen.written + seen.leftOut === 0) {
      this.#seen.set(message, seen);
      this.#timer ??= setTimeout(() => this.tellAll(), secondMillis).unref();
    }
    if (seen.written >= this.#options.repeatsPerSecond) {
      seen.leftOut += 1;
      return false;
    }
    seen.written += 1;
    return true;
  }

  /** Tells what was left out, and begins anew. */
  tellAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const seen = [...this.#seen.values()];
    this.#seen.clear();
    for (const { level, message, leftOut } of seen) if (leftOut > 0) this.#options.tell(level, message, leftOut);
  }
}
