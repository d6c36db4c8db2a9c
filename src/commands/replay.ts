/** `palate replay`: folds a journal again, in this process. */
import { parseTenant } from '../access/tenant.ts';
import type { Config } from '../config.ts';
import type { JournalReader } from '../journal/journal.ts';
import { openJournalForReading } from '../journal/open-journal-for-reading.ts';
import { PastState } from '../recommendation/shadow/past-state.ts';
import { createLog } from '../telemetry/log.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { configOptions, configSources, serverOptions } from './config-options.ts';
import { sequenceUntil } from './journal-place.ts';
import { createProgressBar } from './progress-bar.ts';
import { comparisonOf, type Moment, momentOf } from './replay-moments.ts';
import { answerOf, comparisonAnswerOf, comparisonTextOf, textOf } from './replay-text.ts';
import { foldSettings, journalFolder, snapshotFolder } from './settings.ts';

const options = {
  ...configOptions,
  data: serverOptions.data,
  until: {
    type: 'string',
    value: 'SEQ|TIME',
    description: 'The last sequence, or the last moment of appending, as in 2026-05-01T12:00:00Z. Default: the end.',
  },
  compare: {
    type: 'string',
    value: 'SEQ|TIME',
    description: 'A second moment: show what both hold, and which events lie between them.',
  },
  'from-snapshot': {
    type: 'boolean',
    description: 'Begin with the nearest snapshot before, where there is one, not with the first record.',
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
    { command: 'palate replay --until 120000 --compare 130000', does: 'two moments side by side' },
  ],
  run,
});

async function run(context: Context): Promise<void> {
  const { values, stdout } = context;
  const { config: file, set, data } = values;
  const config = context.loadConfig(configSources({ config: file, set, data }));
  const tenants = (values.tenant ?? ['']).map(parseTenant);
  const reader = await openJournalForReading({ folder: journalFolder(config) });
  const places = values.compare === undefined ? [values.until] : [values.until, values.compare];
  const sequences = await Promise.all(places.map((place) => sequenceUntil(reader, place)));
  const moments = await fold(reader, sequences, tenants, config, context);
  stdout.write(
    moments.length === 1 ? print(moments[0]!, values.json) : await compare(reader, moments, tenants, context),
  );
}

function print(moment: Moment, json: boolean | undefined): string {
  const answer = answerOf(moment);
  return json ? `${JSON.stringify(answer, null, 2)}\n` : textOf(answer);
}

async function compare(
  reader: JournalReader,
  [first, second]: readonly Moment[],
  tenants: readonly string[],
  { values, signal }: Context,
): Promise<string> {
  const comparison = await comparisonOf(reader, first!, second!, tenants, signal);
  const answer = comparisonAnswerOf(comparison);
  return values.json ? `${JSON.stringify(answer, null, 2)}\n` : comparisonTextOf(comparison);
}

/** The state as it was after each of the sequences, in their order. It is folded forwards. */
async function fold(
  reader: JournalReader,
  sequences: readonly number[],
  tenants: readonly string[],
  config: Config,
  { values, signal, stderr }: Context,
): Promise<readonly Moment[]> {
  const { firstSequence } = await reader.status();
  const total = Math.max(...sequences) - firstSequence + 1;
  const bar = createProgressBar({ output: stderr, unit: 'events', total });
  let before = 0;
  let last = 0;
  const past = new PastState({
    reader,
    settings: foldSettings(config),
    snapshotFolder: values['from-snapshot'] ? snapshotFolder(config) : undefined,
    log: createLog({ ...config.log, level: 'warn' }, stderr),
    includeUnproven: true,
    sliceMillis,
    onProgress: (count) => {
      last = count;
      bar.update(before + count);
    },
  });
  const moments = new Map<number, Moment>();
  for (const sequence of [...sequences].sort((a, b) => a - b)) {
    const began = performance.now();
    last = 0;
    await past.foldTo(sequence, signal);
    moments.set(sequence, momentOf(past, tenants, last, performance.now() - began));
    before += last;
  }
  bar.finish(before);
  return sequences.map((sequence) => moments.get(sequence)!);
}
