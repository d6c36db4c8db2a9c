import { PalateError } from '../../errors.ts';
import type { Span } from '../../telemetry/tracing/tracer.ts';

/** What a worker is told of a batch beside its inputs. */
export interface RunOptions {
  /** When the last of those who wait for it gives up: milliseconds since 1970; Infinity: never. */
  readonly deadlineMillis: number;
  /** Aborts when nobody wants the batch any more. */
  readonly signal: AbortSignal;
  /** Of the run, where it is recorded. */
  readonly span?: Span | undefined;
}

/** A batch that runs, for those who wait for it. */
export class RunningBatch implements RunOptions {
  readonly deadlineMillis: number;
  span: Span | undefined;
  readonly #controller = new AbortController();
  #waiting: number;

  constructor(jobs: readonly { readonly deadlineMillis: number }[]) {
    this.#waiting = jobs.length;
    this.deadlineMillis = jobs.reduce((last, job) => Math.max(last, job.deadlineMillis), Number.NEGATIVE_INFINITY);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** One of them gave up. */
  leave(): void {
    this.#waiting--;
    if (this.#waiting > 0) return;
    this.#controller.abort(new PalateError('CANCELLED', 'nobody waits for the batch any more'));
  }
}
