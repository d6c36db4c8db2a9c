/** Drives the process that publishes events. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WorkloadOptions } from './workload.ts';

export type PublisherCommand =
  | { readonly kind: 'prepare'; readonly workload: WorkloadOptions; readonly events: number }
  | { readonly kind: 'publish'; readonly order: PublishOrder };

export interface PublishOrder {
  /** `host:port` */
  readonly address: string;
  readonly streams: number;
  readonly batchEvents: number;
  /** Which of the prepared events: so many from this one on, counted from 0. */
  readonly from: number;
  /** More than were prepared: only with `laps`. */
  readonly events: number;
  /** The prepared events come again and again, made new each time: so much later, with sessions that repeat after so many laps. */
  readonly laps?: { readonly seconds: number; readonly sessionLaps: number };
  /** Batches of a stream that are not acknowledged yet. Default: 64, as many as a server takes on by default. */
  readonly maxInFlight?: number;
  /** Absent: as fast as the server takes them. */
  readonly eventsPerSecond?: number;
}

export interface PublishResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly seconds: number;
  readonly clientCpuSeconds: number;
  /** Of each batch, from writing to acknowledgement. */
  readonly ackMillis: readonly number[];
}

export interface Publisher {
  /** Encodes events. Resolves with their size in bytes, framed for a batch. */
  prepare(workload: WorkloadOptions, events: number): Promise<number>;
  /** Sends some of them. Rejects when not each was accepted. */
  publish(order: PublishOrder): Promise<PublishResult>;
  stop(): void;
}

export function startPublisher(): Publisher {
  const child = fork(fileURLToPath(new URL('./publisher-process.ts', import.meta.url)), { serialization: 'advanced' });
  const ask = async (command: PublisherCommand): Promise<unknown> => {
    child.send(command);
    const [answer] = (await once(child, 'message')) as [{ result?: unknown; error?: string }];
    if (answer.error !== undefined) throw new Error(`the publisher failed: ${answer.error}`);
    return answer.result;
  };
  return {
    async prepare(workload, events) {
      const { bytes } = (await ask({ kind: 'prepare', workload, events })) as { bytes: number };
      return bytes;
    },
    async publish(order) {
      const result = (await ask({ kind: 'publish', order })) as PublishResult;
      if (result.accepted === order.events) return result;
      const { accepted, duplicates, rejected } = result;
      throw new Error(
        `of ${order.events} events ${accepted} were accepted; ${duplicates} duplicates, ${rejected} rejected`,
      );
    },
    stop: () => child.disconnect(),
  };
}
