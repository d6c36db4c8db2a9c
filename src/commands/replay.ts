/** `palate replay`: folds a journal again, in this process. */
import { join } from 'node:path';
import { fromJson } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { parseTenant } from '../access/tenant.ts';
import type { Config } from '../config.ts';
import { PalateError } from '../errors.ts';
import { microsOf, timestampOf } from '../events/timestamp.ts';
import type { JournalPlace, JournalReader } from '../journal/journal.ts';
import { openJournalForReading } from '../journal/open-journal-for-reading.ts';
import type { JournalRecord } from '../journal/record.ts';
import { digestOf } from '../recommendation/fold/digest.ts';
import { createState, type State } from '../recommendation/fold/state.ts';
import { TenantState } from '../recommendation/fold/tenant-state.ts';
import { JournalFeed } from '../recommendation/state-feed.ts';
import { createLog } from '../telemetry/log.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { configOptions, configSources, serverOptions } from './config-options.ts';
import { createProgressBar, grouped } from './progress-bar.ts';
import { foldSettings } from './settings.ts';
import { formatTable } from './table.ts';

const options = {
  ...configOptions,
  data: serverOptions.data,
  until: {
    type: 'string',
    value: 'SEQ|TIME',
    description: 'The last sequence, or the last moment of appending, as in 2026-05-01T12:00:00Z. Default: the end.',
  },
  tenant: {
    type: 'string',
    multiple: true,
    value: 'TENANT',
    description: 'Whose digest; may be given again. Default: the default tenant.',
  },
  json: { type: 'boolean', description: 'Print the result as JSON.' },
} as const;

type Context = CommandContext<typeof options>;

/** What a replay came to. */
interface Replayed {
  readonly state: State;
  readonly events: number;
  readonly unreadable: number;
  readonly millis: number;
}

/** The fold gives way so seldom: nobody else is served here, but a Ctrl-C. */
const sliceMillis = 50;

export const replay = defineCommand({
  name: 'replay',
  summary: 'Fold the journal again, and print the digest and the speed',
  usage: '[options]',
  details: [
    'Reads the journal of the data folder without changing it, also while a server writes it, and folds its events with ' +
      'the settings of the configuration. With the same settings the digest is the one of `palate status --digest` at ' +
      'the same sequence.',
    'The last moments of a journal count as soon as they are whole: those of a server that was killed are in it.',
  ],
  options,
  examples: [
    { command: 'palate replay', does: 'the whole journal in ./data/palate' },
    { command: 'palate replay --until 120000 --json', does: 'the state as it was after a sequence' },
    {
      command: 'palate replay --until 2026-05-01T12:00:00Z --tenant shop2',
      does: 'as it was at a time, for one tenant',
    },
  ],
  run,
});

async function run(context: Context): Promise<void> {
  const { values, stdout } = context;
  const { config: file, set, data } = values;
  const config = context.loadConfig(configSources({ config: file, set, data }));
  const tenants = (values.tenant ?? ['']).map(parseTenant);
  const reader = await openJournalForReading({ folder: join(config.dataFolder, 'journal') });
  const replayed = await fold(reader, await lastSequence(reader, values.until), config, context);
  const answer = answerOf(replayed, tenants);
  stdout.write(values.json ? `${JSON.stringify(answer, null, 2)}\n` : textOf(answer));
}

async function lastSequence(reader: JournalReader, until: string | undefined): Promise<number> {
  const { lastSequence: end } = await reader.status();
  if (until === undefined) return end;
  const place = parsePlace(until);
  if ('sequence' in place && place.sequence > end) {
    throw new PalateError('SEQUENCE_UNAVAILABLE', `the journal ends at sequence ${end}; asked for ${place.sequence}`);
  }
  return reader.lastUntil(place, { includeUnproven: true });
}

function parsePlace(text: string): JournalPlace {
  if (/^\d{1,15}$/.test(text)) return { sequence: Number(text) };
  try {
    return { appendedAtMicros: microsOf(fromJson(TimestampSchema, text)) };
  } catch (cause) {
    const message = `--until takes a sequence or a time such as 2026-05-01T12:00:00Z, not ${JSON.stringify(text)}.`;
    throw new PalateError('USAGE', message, { cause });
  }
}

/** Lets the feed of a server do it, up to the record at `last`: a replay is what a server does when it starts. */
async function fold(reader: JournalReader, last: number, config: Config, context: Context): Promise<Replayed> {
  const { signal, stderr } = context;
  const state = createState(foldSettings(config));
  const status = await reader.status();
  const bar = createProgressBar({ output: stderr, unit: 'events', total: last - status.firstSequence + 1 });
  const feed = new JournalFeed({
    state,
    sliceMillis,
    log: createLog({ ...config.log, level: 'warn' }, stderr),
    journal: {
      status: () => ({ ...status, durableSequence: last, pendingBytes: 0, durability: 'disk', state: 'open' }),
      onDurable: () => () => undefined,
      read: ({ afterSequence }) => recordsUpTo(reader, afterSequence, last, signal, (count) => bar.update(count)),
    },
  });
  await feed.start();
  signal.throwIfAborted();
  const { records: events, unreadable, replayMillis: millis } = feed.status();
  bar.finish(events);
  return { state, events, unreadable, millis };
}

async function* recordsUpTo(
  reader: JournalReader,
  afterSequence: number,
  last: number,
  signal: AbortSignal,
  onProgress: (count: number) => void,
): AsyncGenerator<readonly JournalRecord[]> {
  let count = 0;
  for await (const records of reader.read({ afterSequence, signal, includeUnproven: true })) {
    const isLast = records.at(-1)!.sequence >= last;
    yield isLast ? records.filter(({ sequence }) => sequence <= last) : records;
    if (isLast) return;
    count += records.length;
    onProgress(count);
  }
}

type Answer = ReturnType<typeof answerOf>;

function answerOf({ state, events, unreadable, millis }: Replayed, tenants: readonly string[]) {
  const empty = new TenantState(state.settings);
  return {
    sequence: String(state.sequence),
    ...(state.appendedAtMicros === 0 ? {} : { appendedAt: isoTime(state.appendedAtMicros) }),
    records: events,
    unreadable,
    seconds: millis / 1_000,
    eventsPerSecond: Math.round((events / Math.max(millis, 1)) * 1_000),
    digests: Object.fromEntries(tenants.map((name) => [name, digestOf(state.tenant(name) ?? empty)])),
  };
}

function isoTime(micros: number): string {
  const { nanos } = timestampOf(micros);
  return new Date(Math.floor(micros / 1e6) * 1_000)
    .toISOString()
    .replace('.000Z', `.${String(nanos / 1_000).padStart(6, '0')}Z`);
}

function textOf({ sequence, appendedAt, records, unreadable, seconds, eventsPerSecond, digests }: Answer): string {
  const rows = [
    ['sequence', sequence],
    ['appended at', appendedAt ?? 'never'],
    ['records', grouped(records)],
    ...(unreadable === 0 ? [] : [['unreadable', `${grouped(unreadable)}, passed over`]]),
    ['speed', `${grouped(eventsPerSecond)} events/s, ${seconds.toFixed(2)} s`],
    ...Object.entries(digests).map(([name, digest]) => [name === '' ? 'digest' : `digest of ${name}`, digest]),
  ];
  return formatTable([{ title: 'what' }, { title: 'how' }], rows);
}
