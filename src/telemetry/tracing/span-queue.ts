/** What holds spans until they are exported: https://opentelemetry.io/docs/specs/otel/trace/sdk/#batching-processor */
import type { SpanParts } from './span-parts.ts';

/** As `OTEL_BSP_*` say. */
export interface SpanQueueOptions {
  /** Spans that may wait; a further one is dropped. */
  readonly maxQueueSize: number;
  /** At most so many go at a time. */
  readonly maxExportBatchSize: number;
  /** So long one waits for others. */
  readonly scheduledDelayMillis: number;
}

export interface SpanQueue {
  add(span: SpanParts): void;
  /** Sends what waits; resolves when it was taken, or is lost. */
  flush(): Promise<void>;
}

/**
 * Spans go in batches, one batch at a time. `send` must not reject, and is to have a deadline; `dropped` is told of each span
 * for which there was no room.
 */
export function openSpanQueue(
  { maxQueueSize, maxExportBatchSize, scheduledDelayMillis }: SpanQueueOptions,
  send: (batch: readonly SpanParts[]) => Promise<void>,
  dropped: () => void,
): SpanQueue {
  const batchSize = Math.min(maxQueueSize, maxExportBatchSize);
  let waiting: SpanParts[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  const sendOne = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting.length <= batchSize ? waiting : waiting.slice(0, batchSize);
    waiting = waiting.slice(batch.length);
    sending = send(batch).then(() => {
      sending = undefined;
      schedule();
    });
    return sending;
  };
  const schedule = (): void => {
    if (sending !== undefined || waiting.length === 0) return;
    if (waiting.length >= batchSize) void sendOne();
    else timer ??= setTimeout(sendOne, scheduledDelayMillis).unref();
  };
  return {
    add(span) {
      if (waiting.length >= maxQueueSize) {
        dropped();
        return;
      }
      waiting.push(span);
      if (timer === undefined || waiting.length >= batchSize) schedule();
    },
    async flush() {
      while (sending !== undefined || waiting.length > 0) await (sending ?? sendOne());
    },
  };
}
