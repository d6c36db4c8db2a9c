/** `npm run bench -- NAME [--json | --markdown] [options]`: runs one benchmark, or lists them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf } from '../src/commands/exit-codes.ts';
import { hanging } from '../src/commands/text-layout.ts';
import { isPalateError, PalateError } from '../src/errors.ts';
import { accuracy } from './accuracy.ts';
import type { Benchmark, BenchOption, BenchOptions } from './benchmark.ts';
import { followers } from './followers.ts';
import { inference } from './inference.ts';
import { ingest } from './ingest.ts';
import { large } from './large.ts';
import { mesh } from './mesh.ts';
import { peers } from './peers.ts';
import { recommend } from './recommend.ts';
import { replay } from './replay.ts';
import { formatMarkdown, formatReport, machineOf } from './report.ts';
import { scoring } from './scoring.ts';
import { snapshot } from './snapshot.ts';
import { soak } from './soak.ts';
import { tracing } from './tracing.ts';
import { unary } from './unary-call.ts';

const benchmarks: readonly Benchmark[] = [
  accuracy,
  followers,
  inference,
  ingest,
  large,
  mesh,
  peers,
  recommend,
  replay,
  scoring,
  snapshot,
  soak,
  tracing,
  unary,
];

const commonOptions = {
  json: { type: 'boolean', description: 'Print the figures as JSON.' },
  markdown: { type: 'boolean', description: 'Print the tables as Markdown, for bench/RESULTS.md.' },
  help: { type: 'boolean', description: 'Show this help.' },
} as const satisfies BenchOptions;

const columns = process.stdout.columns ?? 100;

async function main([name, ...args]: readonly string[]): Promise<void> {
  const benchmark = benchmarks.find((known) => known.name === name);
  if (benchmark === undefined) {
    process.stdout.write(overview());
    if (name !== undefined && name !== '--help') throw new PalateError('USAGE', `There is no benchmark "${name}".`);
    return;
  }
  const { values } = parseArgs({ args, options: { ...benchmark.options, ...commonOptions }, strict: true });
  if (values.help === true) process.stdout.write(helpOf(benchmark));
  else await run(benchmark, values);
}

async function run(benchmark: Benchmark, values: Readonly<Record<string, string | boolean | undefined>>) {
  const machine = machineOf();
  const folder = mkdtempSync(join(tmpdir(), 'palate-bench-'));
  try {
    const report = await benchmark.run({ values, folder, progress: (text) => process.stderr.write(`${text}\n`) });
    const json = () => `${JSON.stringify({ benchmark: benchmark.name, machine, figures: report.figures }, null, 2)}\n`;
    const format = values['markdown'] === true ? formatMarkdown : formatReport;
    process.stdout.write(values['json'] === true ? json() : format(benchmark.name, report, machine));
    for (const failure of report.failures ?? []) process.stderr.write(`FAILED: ${failure}\n`);
    if ((report.failures ?? []).length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function overview(): string {
  const lines = benchmarks.flatMap(({ name, summary }) => hanging(name, summary, 12, columns));
  return `Usage: npm run bench -- NAME [--json | --markdown] [options]; NAME --help shows its options.\n\n${lines.join('\n')}\n`;
}

function helpOf({ name, summary, options }: Benchmark): string {
  const lines = Object.entries<BenchOption>({ ...options, ...commonOptions }).flatMap(
    ([option, { type, description }]) =>
      hanging(`--${option}${type === 'string' ? ' VALUE' : ''}`, description, 22, columns),
  );
  return `${summary}.\n\nUsage: npm run bench -- ${name} [options]\n\n${lines.join('\n')}\n`;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const failure = asUsage(error);
  const isExpected = isPalateError(failure) && failure.reason !== 'INTERNAL';
  process.stderr.write(`${isExpected ? failure.message : failure instanceof Error ? failure.stack : failure}\n`);
  // Servers and publishers that still run would keep the process alive; they end with it.
  process.exit(exitCodeOf(PalateError.from(failure)));
}

/** `parseArgs` has errors of its own. */
function asUsage(error: unknown): unknown {
  const isArgument = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  return isArgument ? new PalateError('USAGE', error.message, { cause: error }) : error;
}
