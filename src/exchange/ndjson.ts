/** Events as JSON lines (https://github.com/ndjson/ndjson-spec): one `Event` in protobuf's JSON form on each line. */

import { fromJsonString } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../errors.ts';

/** A line longer than this is no event but a file of another kind. */
const maxLineBytes = 16 * 1_048_576;

/** Empty lines are passed over. Throws INPUT_UNREADABLE with the line's number. */
export async function* readNdjson(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
  let number = 0;
  for await (const line of lines(chunks)) {
    number++;
    if (line.trim() !== '') yield parseLine(line, number);
  }
}

function parseLine(line: string, number: number): Event {
  try {
    return fromJsonString(EventSchema, line);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PalateError('INPUT_UNREADABLE', `line ${number}: ${message}`, { cause });
  }
}

async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > maxLineBytes) throw new PalateError('INPUT_UNREADABLE', 'a line is longer than 16 MiB');
    yield* parts;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
