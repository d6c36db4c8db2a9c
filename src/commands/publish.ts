/** `palate publish`: a few events, from the command line or standard input. */
import { create, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { IngestService, PublishResponseSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError } from '../errors.ts';
import { newUuid } from '../events/uuid.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { askOptions, withClient, writeJson } from './server-client.ts';

type Context = CommandContext<typeof askOptions>;

export const publish = defineCommand({
  name: 'publish',
  summary: 'Publish events given as JSON',
  usage: '[options] [EVENT…]',
  details: [
    'Each EVENT is a palate.event.v1.Event in JSON; without any, they are read from standard input, one a line. An event ' +
      'without an eventId gets one. `palate schema` has every field.',
    'The answer comes once the events are durable. The command ends with code 1 when one was rejected.',
  ],
  options: askOptions,
  examples: [
    { command: `palate publish '{"sessionId":"s1","itemViewed":{"itemId":"42"}}'`, does: 'one event' },
    { command: 'palate publish < events.ndjson', does: 'one event a line' },
  ],
  positionals: { min: 0, max: 10_000 },
  run,
});

async function run(context: Context): Promise<void> {
  const texts = context.positionals.length > 0 ? context.positionals : await readLines(context);
  const events = texts.map(parseEvent);
  const answer = await withClient(IngestService, context, (client) => client.publish({ events }));
  const { accepted, duplicates, rejected, lastSequence } = answer;
  if (context.values.json) {
    writeJson(context.stdout, PublishResponseSchema, answer);
  } else {
    const place = accepted > 0 ? `, up to sequence ${lastSequence}` : '';
    context.stdout.write(`${accepted} accepted${place}, ${duplicates} duplicates, ${rejected.length} rejected\n`);
    for (const { index, reason, field, message } of rejected) {
      context.stderr.write(`event ${index + 1}: ${reason}${field === '' ? '' : ` ${field}`}: ${message}\n`);
    }
  }
  if (rejected.length > 0) throw new PalateError('EVENT_INVALID', `${rejected.length} events were rejected.`);
}

async function readLines({ stdin, stderr }: Context): Promise<string[]> {
  if (stdin.isTTY) stderr.write('reading events from the terminal, one a line; end with Ctrl-D\n');
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  return Buffer.concat(chunks)
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}

function parseEvent(text: string, index: number): Event {
  try {
    const event = fromJson(EventSchema, JSON.parse(text) as JsonValue);
    return event.eventId === '' ? create(EventSchema, { ...event, eventId: newUuid() }) : event;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PalateError('INPUT_UNREADABLE', `event ${index + 1}: ${message}`, { cause });
  }
}
