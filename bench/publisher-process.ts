/**
 * The load of the benchmarks, as a child process: it encodes events beforehand, and then only sends bytes, so that what
 * is measured is the server. It answers each command with one message, in order.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import type { Client } from '../src/rpc/client/client.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import type { PublisherCommand, PublishOrder, PublishResult } from './publisher.ts';
import { restamp } from './restamp.ts';
import { createWorkload, type WorkloadOptions } from './workload.ts';

const defaultMaxInFlight = 64;

/** All events one after another, each as it stands in a batch: field 1, length, bytes. A batch is a view of it. */
interface Pool {
  readonly bytes: Buffer;
  readonly offsets: Float64Array;
}

let pool: Pool = { bytes: Buffer.alloc(0), offsets: new Float64Array(1) };

function prepare(options: WorkloadOptions, events: number): Pool {
  const workload = createWorkload(options);
  const offsets = new Float64Array(events + 1);
  let bytes = Buffer.allocUnsafe(events * 160);
  let end = 0;
  for (let index = 0; index < events; index++) {
    const event = workload.nextBytes();
    if (end + event.length + 6 > bytes.length) bytes = grown(bytes);
    bytes[end++] = 0x0a;
    end = writeVarint(bytes, end, event.length);
    bytes.set(event, end);
    end += event.length;
    offsets[index + 1] = end;
  }
  return { bytes, offsets };
}

function grown(bytes: Buffer): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(bytes.length * 1.5 + 65_536);
  bytes.copy(larger);
  return larger;
}

function writeVarint(bytes: Buffer, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest >= 128; rest >>>= 7) bytes[end++] = (rest & 127) | 128;
  bytes[end++] = rest;
  return end;
}

async function publish(order: PublishOrder): Promise<PublishResult> {
  const { call, close } = createGrpcClient(IngestService, order.address);
  const run = new Run(order);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  try {
    await Promise.all(Array.from({ length: order.streams }, () => run.stream(call)));
  } finally {
    close();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { ...run.counts, seconds, clientCpuSeconds: (user + system) / 1e6, ackMillis: run.ackMillis };
}

/** Several streams that share the events of one order. */
class Run {
  readonly counts = { accepted: 0, duplicates: 0, rejected: 0 };
  /** From writing a batch to its acknowledgement. */
  readonly ackMillis: number[] = [];
  readonly #order: PublishOrder;
  readonly #startedAt = performance.now();
  #next: number;

  constructor(order: PublishOrder) {
    this.#order = order;
    this.#next = order.from;
  }

  async stream(client: Client<typeof IngestService>): Promise<void> {
    const sentAt: number[] = [];
    const room = { wake: () => {} };
    for await (const { accepted, duplicates, rejected } of client.publishStream(this.#batches(sentAt, room))) {
      this.ackMillis.push(performance.now() - (sentAt.shift() ?? Number.NaN));
      this.counts.accepted += accepted;
      this.counts.duplicates += duplicates;
      this.counts.rejected += rejected.length;
      room.wake();
    }
  }

  async *#batches(sentAt: number[], room: { wake: () => void }): AsyncGenerator<Uint8Array> {
    const { from, events, batchEvents, maxInFlight = defaultMaxInFlight } = this.#order;
    const end = from + events;
    const poolEvents = pool.offsets.length - 1;
    while (this.#next < end) {
      if (sentAt.length >= maxInFlight) {
        await new Promise<void>((resolve) => {
          room.wake = resolve;
        });
        continue;
      }
      const first = this.#next;
      // A batch lies within one lap.
      this.#next = Math.min(end, first + batchEvents, first - (first % poolEvents) + poolEvents);
      await this.#turn(first - from);
      sentAt.push(performance.now());
      yield this.#batch(first, this.#next - first);
    }
  }

  /** Views of the pool: what is sent is copied, so it may be made new for the next lap. */
  #batch(first: number, events: number): Uint8Array {
    const poolEvents = pool.offsets.length - 1;
    const start = first % poolEvents;
    const number = Math.floor(first / poolEvents);
    const { laps } = this.#order;
    for (let index = start; number > 0 && laps !== undefined && index < start + events; index++) {
      const from = pool.offsets[index]!;
      // Behind the tag and a length of one or two bytes.
      const head = pool.bytes[from + 1]! < 128 ? 2 : pool.bytes[from + 2]! < 128 ? 3 : 4;
      restamp(pool.bytes, from + head, pool.offsets[index + 1]!, { number, ...laps });
    }
    return pool.bytes.subarray(pool.offsets[start], pool.offsets[start + events]);
  }

  /** Waits until the pace allows the event with this number. */
  async #turn(number: number): Promise<void> {
    const { eventsPerSecond } = this.#order;
    if (eventsPerSecond === undefined) return;
    const waitMillis = this.#startedAt + (number / eventsPerSecond) * 1_000 - performance.now();
    if (waitMillis > 0.5) await delay(waitMillis);
  }
}

async function obey(command: PublisherCommand): Promise<unknown> {
  if (command.kind === 'publish') return publish(command.order);
  pool = prepare(command.workload, command.events);
  return { bytes: pool.offsets.at(-1) };
}

process.on('message', (command: PublisherCommand) => {
  obey(command).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
