/** How long each part of a fetch may take: one signal that aborts when a part, the whole, or the caller's time is over. */

import { PalateError } from '../../errors.ts';
import type { Clock } from '../batcher/clock.ts';
import type { Caller } from '../stages/caller.ts';

export interface PatienceOptions {
  /** Looking up the name, and connecting, TLS included. */
  readonly connectMillis: number;
  /** From the connection to the head of the answer. */
  readonly firstByteMillis: number;
  /** The whole, redirects and body included. */
  readonly totalMillis: number;
}

type Part = 'connect' | 'firstByte' | 'body';

export class Patience {
  readonly #options: PatienceOptions;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #whole: NodeJS.Timeout;
  #part: NodeJS.Timeout | undefined;

  constructor(options: PatienceOptions, { signal, deadlineMillis }: Caller, clock: Clock) {
    this.#options = options;
    this.#caller = signal;
    const left = deadlineMillis - clock.now();
    const error = left < options.totalMillis ? tooLate : () => timeout('the photo', options.totalMillis);
    this.#whole = setTimeout(() => this.#controller.abort(error()), Math.min(left, options.totalMillis));
    if (signal?.aborted) this.#giveUp();
    signal?.addEventListener('abort', this.#giveUp, { once: true });
  }

  /** Aborts with a PalateError (FETCH_TIMEOUT, DEADLINE_EXCEEDED) or with the caller's own reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on it is this part that may take so long. A body has the whole's time. */
  enter(part: Part): void {
    clearTimeout(this.#part);
    if (part === 'body') return;
    const { connectMillis, firstByteMillis } = this.#options;
    const [what, millis] = part === 'connect' ? ['a connection', connectMillis] : ['an answer', firstByteMillis];
    this.#part = setTimeout(() => this.#controller.abort(timeout(what, millis)), millis);
  }

  /** Lets go of timers and listeners. */
  end(): void {
    clearTimeout(this.#part);
    clearTimeout(this.#whole);
    this.#caller?.removeEventListener('abort', this.#giveUp);
  }

  readonly #giveUp = (): void => this.#controller.abort(this.#caller?.reason);
}

function tooLate(): PalateError {
  return new PalateError('DEADLINE_EXCEEDED', 'the photo did not come before the deadline');
}

function timeout(what: string, millis: number): PalateError {
  return new PalateError('FETCH_TIMEOUT', `${what} did not come from the address within ${millis} ms`);
}
