import { PalateError } from '../../../errors.ts';
import type { RunOptions } from '../../batcher/running-batch.ts';
import type { ModelImage, ModelOutput } from '../model-instance.ts';
import type { Hedging } from './hedging.ts';
import type { Remote } from './remote.ts';

/** Where a batch may be sent a second time. */
export interface Fleet {
  readonly hedging: Hedging;
  /** What the fastest server usually takes. */
  usualMillis(images: number): number;
  /** Another server, with room, that is likely to answer within so many milliseconds. */
  second(first: Remote, images: number, withinMillis: number): Remote | undefined;
  now(): number;
}

/** Times the time after which a batch is late, again and again. */
const veryLate = 2;

/**
 * Runs a batch on a server, and on a second one too where the first takes unusually long. The first answer counts, and the other
 * is called off. To infer has no effects, so this changes nothing but the time. It fails when all that were asked failed.
 */
export function runHedged(
  fleet: Fleet,
  first: Remote,
  images: readonly ModelImage[],
  { deadlineMillis, signal, span }: RunOptions,
): Promise<readonly ModelOutput[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly ModelOutput[]>();
  const { hedging } = fleet;
  const over = new AbortController();
  const giveUp = () => over.abort(signal.reason);
  const usual = fleet.usualMillis(images.length);
  let running = 0;
  const begin = (remote: Remote) => {
    const begun = fleet.now();
    running++;
    remote.run(images, { deadlineMillis, signal: over.signal, span }).then(
      (outputs) => {
        hedging.observe(fleet.now() - begun, usual);
        resolve(outputs);
        over.abort(new PalateError('CANCELLED', 'another server was faster'));
      },
      (error: unknown) => {
        running--;
        if (running === 0) reject(error);
      },
    );
  };
  const hedge = (isVeryLate: boolean) => {
    const second = fleet.second(first, images.length, deadlineMillis - fleet.now());
    if (second !== undefined && hedging.spend(isVeryLate)) begin(second);
    else timer = setTimeout(hedge, veryLate * hedging.delayMillis(usual), true);
  };
  hedging.earn();
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  begin(first);
  let timer = setTimeout(hedge, hedging.delayMillis(usual), false);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  });
}
