/** `palate load`: files of events into a running server. */
import { IngestService, type RejectedEvent } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError } from '../errors.ts';
import { type BulkTotals, publishAll } from '../exchange/bulk-publisher.ts';
import { type EventFile, type FileFormat, fileFormats, openEventFile } from '../exchange/event-file.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { clientOptions } from './config-options.ts';
import { wholeNumber } from './numbers.ts';
import { createProgressBar, formatElapsed, grouped } from './progress-bar.ts';
import { withClient } from './server-client.ts';

const options = {
  ...clientOptions,
  format: { type: 'string', value: 'FORMAT', description: 'csv, tsv, ndjson or protobuf. Default: by the name.' },
  type: { type: 'string', value: 'TYPE', description: 'Type of the rows of a CSV or TSV. Default: item_viewed.' },
  'skip-columns': { type: 'string', value: 'LIST', description: 'Columns of a CSV or TSV to pass over: a,b,c.' },
  batch: { type: 'string', value: 'COUNT', description: 'Events in one message. Default: 500.' },
  json: { type: 'boolean', description: 'Print the totals as JSON.' },
} as const;

type Context = CommandContext<typeof options>;

/** So many rejected events are shown; the rest are counted. */
const shownRejections = 10;

export const load = defineCommand({
  name: 'load',
  summary: 'Load events from files, with a progress bar',
  usage: '[options] FILE…',
  details: [
    'Formats, each as it is or gzipped (.gz): CSV and TSV with a line of column names (.csv, .tsv, .txt), JSON lines of ' +
      'events (.ndjson, .jsonl), and protobuf events each behind its length (.binpb, .pb).',
    'A column is a field of the event or of its type: session_id, user_id, item_id, occurred_at (or Time), quantity … in ' +
      'any common spelling. Rows without an event_id get one that follows from the file and the row: loading a file ' +
      'twice adds nothing.',
    'When the server is busy, full or restarting, load waits and goes on where it was. It ends with code 1 when events ' +
      'were rejected.',
  ],
  options,
  examples: [
    { command: 'palate load clicks.tsv.gz', does: 'item_viewed events from SessionId, ItemId, Time' },
    { command: 'palate load --type order_completed orders.ndjson', does: 'JSON lines carry their own types' },
    { command: 'palate load --tenant shop2 --batch 200 *.binpb', does: 'delimited protobuf, for another tenant' },
  ],
  positionals: { min: 1, max: Number.MAX_SAFE_INTEGER },
  run,
});

async function run(context: Context): Promise<void> {
  const { values, stderr, stdout } = context;
  const batchEvents = wholeNumber('batch', values.batch, { min: 1, max: 10_000 }) ?? 500;
  const files = await Promise.all(context.positionals.map((path) => openFile(path, context)));
  const startedAt = performance.now();
  const totals = await withClient(IngestService, context, async (client) => {
    const bar = createProgressBar({ output: stderr, unit: 'events' });
    const rejections = rejectionPrinter(context, bar);
    const result = await publishAll(eventsOf(files), {
      client,
      batchEvents,
      maxInFlight: 32,
      patienceMillis: 60_000,
      signal: context.signal,
      onProgress: (progress) => bar.update(settledOf(progress), expectedEvents(files, progress)),
      onRejected: rejections,
      onRetry: (error, waitMillis) => {
        bar.clear();
        stderr.write(`${error.message}; going on in ${formatElapsed(waitMillis)}\n`);
      },
    });
    bar.finish(settledOf(result));
    return result;
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  stdout.write(values.json ? jsonTotals(totals, seconds) : textTotals(totals, seconds));
  if (totals.rejected > 0) throw new PalateError('EVENT_INVALID', `${grouped(totals.rejected)} events were rejected.`);
}

function openFile(path: string, { values, signal }: Context): Promise<EventFile> {
  if (values.format !== undefined && !isFormat(values.format)) {
    throw new PalateError('USAGE', `--format takes ${fileFormats.join(', ')}, not ${JSON.stringify(values.format)}.`);
  }
  return openEventFile(path, {
    format: values.format,
    type: values.type,
    skipColumns: values['skip-columns']?.split(','),
    signal,
  });
}

function isFormat(text: string): text is FileFormat {
  return (fileFormats as readonly string[]).includes(text);
}

async function* eventsOf(files: readonly EventFile[]) {
  for (const file of files) yield* file.events();
}

function settledOf({ accepted, duplicates, rejected }: BulkTotals): number {
  return accepted + duplicates + rejected;
}

/** How many events there will be in all, by how much of the files gave those so far. */
function expectedEvents(files: readonly EventFile[], totals: BulkTotals): number {
  const size = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const read = files.reduce((sum, file) => sum + file.readBytes(), 0);
  const settled = settledOf(totals);
  return read >= size ? settled : Math.max(settled, Math.round((settled * size) / Math.max(1, read)));
}

function rejectionPrinter({ stderr }: Context, bar: { clear(): void }) {
  let shown = 0;
  return ({ reason, field, message }: RejectedEvent, number: number) => {
    shown++;
    if (shown > shownRejections) return;
    bar.clear();
    stderr.write(`event ${number}: ${reason}${field === '' ? '' : ` ${field}`}: ${message}\n`);
    if (shown === shownRejections) stderr.write('further rejected events are counted only\n');
  };
}

function textTotals(totals: BulkTotals, seconds: number): string {
  const { accepted, duplicates, rejected } = totals;
  const rate = grouped(settledOf(totals) / seconds);
  return `${grouped(accepted)} accepted, ${grouped(duplicates)} duplicates, ${grouped(rejected)} rejected in ${seconds.toFixed(1)} s (${rate}/s)\n`;
}

function jsonTotals({ lastSequence, ...counts }: BulkTotals, seconds: number): string {
  return `${JSON.stringify({ ...counts, lastSequence: String(lastSequence), seconds })}\n`;
}
