/** `palate snapshot`: writes a snapshot of the state, from outside. */
import { readdir } from 'node:fs/promises';
import { PalateError } from '../errors.ts';
import { openJournalForReading } from '../journal/open-journal-for-reading.ts';
import { digestOf } from '../recommendation/fold/digest.ts';
import { PastState } from '../recommendation/shadow/past-state.ts';
import { type Saved, saveState } from '../recommendation/snapshots/save.ts';
import { createLog } from '../telemetry/log.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { configOptions, configSources, serverOptions } from './config-options.ts';
import { createProgressBar, grouped } from './progress-bar.ts';
import { foldSettings, journalFolder, snapshotFolder } from './settings.ts';
import { formatTable } from './table.ts';

const options = {
  ...configOptions,
  data: serverOptions.data,
  json: { type: 'boolean', description: 'Print the result as JSON.' },
} as const;

type Context = CommandContext<typeof options>;

/** What came of it. */
interface Outcome {
  readonly saved: Saved;
  /** Where the fold began: the name of a snapshot, or undefined for the journal's first record. */
  readonly from: string | undefined;
  readonly folded: number;
  readonly foldMillis: number;
  readonly digests: Readonly<Record<string, string>>;
}

export const snapshot = defineCommand({
  name: 'snapshot',
  summary: 'Write a snapshot of the state, from which a server starts at once',
  usage: '[options]',
  details: [
    'Reads the journal of the data folder, from its newest snapshot on where it has one, and writes a new one beside it. ' +
      'It needs no server, and disturbs none that runs: that server takes the snapshot when it starts again.',
    'The settings of the configuration must be those of the server: a snapshot made under others is not used.',
  ],
  options,
  examples: [
    { command: 'palate snapshot', does: 'of the journal in ./data/palate' },
    { command: 'palate snapshot --data /var/lib/palate --json', does: 'for a script' },
  ],
  run,
});

async function run(context: Context): Promise<void> {
  const { values, stdout, signal } = context;
  const { config: file, set, data } = values;
  const config = context.loadConfig(configSources({ config: file, set, data }));
  const journal = journalFolder(config);
  const segments = await segmentsIn(journal);
  const reader = await openJournalForReading({ folder: journal });
  const { durableSequence } = await reader.status();
  const folder = snapshotFolder(config);
  const bar = createProgressBar({ output: context.stderr, unit: 'events' });
  let folded = 0;
  const past = new PastState({
    reader,
    settings: foldSettings(config),
    snapshotFolder: folder,
    log: createLog({ ...config.log, level: 'warn' }, context.stderr),
    onProgress: (count) => {
      folded = count;
      bar.update(count);
    },
  });
  const began = performance.now();
  await past.foldTo(durableSequence, signal);
  bar.finish(folded);
  const foldMillis = performance.now() - began;
  await assertUnchanged(journal, segments);
  const saved = await saveState(past.state, past.origin(), folder, config.recommendation.snapshots.keep);
  const names = past.state.tenantNames();
  const digests = Object.fromEntries(names.map((name) => [name, digestOf(past.state.tenant(name)!)]));
  const outcome = { saved, from: past.restored?.name, folded, foldMillis, digests };
  stdout.write(values.json ? `${JSON.stringify(answerOf(outcome), null, 2)}\n` : textOf(outcome));
}

async function segmentsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.segment'));
}

/** An erasure writes segments anew, under other names: what it takes out may have been folded before it came to it. */
async function assertUnchanged(folder: string, before: readonly string[]): Promise<void> {
  const now = new Set(await segmentsIn(folder));
  if (before.every((name) => now.has(name))) return;
  throw new PalateError('JOURNAL_CHANGED', 'the journal was rewritten or shortened meanwhile: begin again');
}

function answerOf({ saved, from, folded, foldMillis, digests }: Outcome) {
  return {
    snapshot: saved.name,
    sequence: String(saved.sequence),
    bytes: saved.bytes,
    writeSeconds: saved.millis / 1_000,
    from: from ?? null,
    records: folded,
    foldSeconds: foldMillis / 1_000,
    removed: saved.removed,
    digests,
  };
}

function textOf({ saved, from, folded, foldMillis, digests }: Outcome): string {
  const speed = Math.round((folded / Math.max(foldMillis, 1)) * 1_000);
  const rows = [
    ['snapshot', saved.name],
    ['sequence', String(saved.sequence)],
    ['size', `${(saved.bytes / 1_048_576).toFixed(1)} MiB, written in ${(saved.millis / 1_000).toFixed(2)} s`],
    ['begun with', from ?? 'the first record'],
    ['records', `${grouped(folded)}, ${grouped(speed)} a second`],
    ...(saved.removed.length === 0 ? [] : [['removed', saved.removed.join(', ')]]),
    ...Object.entries(digests).map(([name, digest]) => [name === '' ? 'digest' : `digest of ${name}`, digest]),
  ];
  return formatTable([{ title: 'what' }, { title: 'how' }], rows);
}
