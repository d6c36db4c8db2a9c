/** What a server's journal holds, as `Subscribe` tells it. */

import { toBinary } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { call, openServerStream } from '../interop/plain-client.ts';

export interface JournalledEvent {
  readonly sequence: number;
  readonly eventId: string;
  /** The whole event, encoded. */
  readonly bytes: Buffer;
}

/** All events after a sequence, up to the journal's present end. */
export async function readJournal(client: Client, afterSequence = 0): Promise<JournalledEvent[]> {
  const request = { afterSequence: BigInt(afterSequence), untilEnd: true };
  const journalled: JournalledEvent[] = [];
  for await (const { records } of openServerStream(client, IngestService.method.subscribe, request)) {
    for (const { sequence, event } of records) {
      if (event === undefined) throw new Error(`sequence ${sequence} has no event`);
      const bytes = Buffer.from(toBinary(EventSchema, event));
      journalled.push({ sequence: Number(sequence), eventId: event.eventId, bytes });
    }
  }
  return journalled;
}

/** The journal's last sequence. */
export async function journalEnd(client: Client): Promise<number> {
  const { lastSequence } = await call(client, IngestService.method.getJournalStatus, {});
  return Number(lastSequence);
}
