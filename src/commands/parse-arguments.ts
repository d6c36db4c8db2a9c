/** The command line of one command: options by its declaration, and what stands beside them. */
import { parseArgs } from 'node:util';
import { didYouMean } from '../config/did-you-mean.ts';
import { PalateError } from '../errors.ts';
import type { Command, Options, OptionValues } from './command.ts';

/** What every command takes. */
export const commonOptions = {
  help: { type: 'boolean', short: 'h', description: 'Show this help.' },
  verbose: { type: 'boolean', description: 'Show the whole error, with its stack and its causes.' },
} as const satisfies Options;

export interface ParsedArguments {
  readonly values: OptionValues<Options>;
  readonly positionals: readonly string[];
  readonly help: boolean;
}

/** Parses what follows the command's name. Throws USAGE that names the option and the nearest known one. */
export function parseArguments(command: Command, args: readonly string[]): ParsedArguments {
  const options: Options = { ...command.options, ...commonOptions };
  refuseUnknown(command, args, options);
  const { values, positionals } = parseStrictly(command, args, options);
  const { help, verbose: _, ...own } = values;
  if (help !== true) checkCount(command, positionals);
  return { values: own as OptionValues<Options>, positionals, help: help === true };
}

function parseStrictly(command: Command, args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options: forParser(options), allowPositionals: true, strict: true });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.replaceAll('\n', ' ') : String(cause);
    throw new PalateError('USAGE', `palate ${command.name}: ${said.replace(/\.$/, '')}.`, { cause });
  }
}

function refuseUnknown(command: Command, args: readonly string[], options: Options): void {
  const { tokens } = parseArgs({
    args: [...args],
    options: forParser(options),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue;
    const hint = token.rawName.startsWith('--') ? didYouMean(token.name, Object.keys(options), '--') : '';
    throw new PalateError('USAGE', `palate ${command.name} has no option ${token.rawName}${hint}.`);
  }
}

function checkCount(command: Command, positionals: readonly string[]): void {
  const { min, max } = command.positionals ?? { min: 0, max: 0 };
  const extra = positionals[max];
  if (extra !== undefined) {
    throw new PalateError('USAGE', `palate ${command.name} does not take the argument "${extra}".`);
  }
  if (positionals.length < min) {
    throw new PalateError(
      'USAGE',
      `palate ${command.name} needs an argument: palate ${command.name} ${command.usage}.`,
    );
  }
}

/** `parseArgs` is strict about keys that it does not know, and about `undefined`. */
function forParser(options: Options) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
    ]),
  );
}
