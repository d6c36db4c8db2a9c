/** The `palate` command without the process around it: from arguments to an exit code. */
import { didYouMean } from '../config/did-you-mean.ts';
import type { ConfigSources, Environment } from '../config.ts';
import { PalateError } from '../errors.ts';
import type { CommandContext } from './command.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { commandHelp, overviewHelp } from './help.ts';
import { packageVersion } from './package-version.ts';
import { parseArguments } from './parse-arguments.ts';
import { type Entry, registry } from './registry.ts';
import { errorText } from './report-error.ts';

/** The process around a command. */
export interface Surroundings extends Pick<CommandContext, 'stdin' | 'stdout' | 'stderr' | 'signal'> {
  /** The arguments after `palate`. */
  readonly args: readonly string[];
  /** Default: the environment of the process. */
  readonly env?: Environment;
  /** Where `palate.yaml` is looked for. Default: the working folder. */
  readonly folder?: string;
  /** Default: the commands of Palate. */
  readonly entries?: readonly Entry[];
}

/** Runs one command and returns its exit code. Never throws: an error is printed on standard error. */
export async function runPalate(around: Surroundings): Promise<number> {
  try {
    await dispatch(around);
    return exitCodes.ok;
  } catch (thrown) {
    around.stderr.write(errorText(thrown, await isVerbose(around)));
    return exitCodeOf(PalateError.from(thrown));
  }
}

async function dispatch(around: Surroundings): Promise<void> {
  const { stdout, stderr, entries = registry } = around;
  // `palate --verbose config` is `palate config --verbose`.
  const [name, ...rest] = around.args.filter((arg, index) => index > 0 || arg !== '--verbose');
  if (name === undefined) {
    stderr.write(overviewHelp(entries, stderr.columns));
    throw new PalateError('USAGE', 'palate needs a command.');
  }
  if (name === 'help' || name === '--help' || name === '-h') {
    const [topic] = rest;
    stdout.write(
      topic === undefined
        ? overviewHelp(entries, stdout.columns)
        : commandHelp(await findEntry(topic, entries).load(), stdout.columns),
    );
  } else if (name === '--version' || name === '-V') {
    stdout.write(`${packageVersion()}\n`);
  } else {
    await runCommand(name, rest, around);
  }
}

async function runCommand(name: string, args: readonly string[], around: Surroundings): Promise<void> {
  const { stdin, stdout, stderr, signal, entries = registry } = around;
  const command = await findEntry(name, entries).load();
  const { values, positionals, help } = parseArguments(command, args);
  if (help) {
    stdout.write(commandHelp(command, stdout.columns));
    return;
  }
  // Here, not above: the schema takes longer to load than all the help.
  const { inspectConfig, loadConfig } = await import('../config.ts');
  const ofProcess = processSources(around);
  await command.run({
    values,
    positionals,
    stdin,
    stdout,
    stderr,
    signal,
    loadConfig: (sources) => loadConfig({ ...sources, ...ofProcess }),
    inspectConfig: (sources) => inspectConfig({ ...sources, ...ofProcess }),
  });
}

function processSources({ env, folder }: Surroundings): ConfigSources {
  return { ...(env === undefined ? {} : { env }), ...(folder === undefined ? {} : { folder }) };
}

function findEntry(name: string, entries: readonly Entry[]): Entry {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const isOption = name.startsWith('-');
  const names = isOption ? ['--help', '--version', '--verbose'] : entries.map((entry) => entry.name);
  const what = isOption ? 'option' : 'command';
  throw new PalateError('USAGE', `palate has no ${what} "${name}"${didYouMean(name, names)}.`);
}

/** `--verbose` on the line, or a log level of debug, brings the stack. */
async function isVerbose(around: Surroundings): Promise<boolean> {
  if (around.args.includes('--verbose')) return true;
  try {
    const { loadConfig } = await import('../config.ts');
    return loadConfig(processSources(around)).log.level === 'debug';
  } catch {
    return false; // The configuration itself may be what is being reported.
  }
}
