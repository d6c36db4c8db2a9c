/** What a command of `palate` is: data for its help and its options, and one function that runs it. */
import type { Config, ConfigSources, InspectedConfig } from '../config.ts';
import type { Input, Output } from './terminal.ts';

/** One option, in the terms of `node:util`'s `parseArgs`. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What stands for the value in the help: `PORT`, `FILE`. Strings only. */
  readonly value?: string;
  readonly description: string;
}

export type Options = Readonly<Record<string, Option>>;

/** The parsed options, typed by their declaration. An option that was not given is undefined. */
export type OptionValues<Declared extends Options> = {
  readonly [Name in keyof Declared]?: OptionValue<Declared[Name]> | undefined;
};

type OptionValue<Declared extends Option> = Declared extends { type: 'boolean' }
  ? boolean
  : Declared extends { multiple: true }
    ? readonly string[]
    : string;

/** Everything a command may touch of the process around it. */
export interface CommandContext<Declared extends Options = Options> {
  readonly values: OptionValues<Declared>;
  /** What stands on the line beside the options: files, ids. */
  readonly positionals: readonly string[];
  readonly stdin: Input;
  /** For the answer: what a pipe would want. */
  readonly stdout: Output;
  /** For people: progress, logs, advice. */
  readonly stderr: Output;
  /** Aborts at the first SIGINT or SIGTERM. The second ends the process. */
  readonly signal: AbortSignal;
  /** `loadConfig` on the environment of this process. */
  loadConfig(sources?: Omit<ConfigSources, 'env'>): Config;
  /** `inspectConfig` on the environment of this process. */
  inspectConfig(sources?: Omit<ConfigSources, 'env'>): InspectedConfig;
}

export interface Example {
  readonly command: string;
  /** What it does, in a few words. */
  readonly does: string;
}

export interface Command<Declared extends Options = Options> {
  readonly name: string;
  /** One line, as in the list of commands. */
  readonly summary: string;
  /** What follows the name on the line: `[options] FILE…`. */
  readonly usage: string;
  /** Further paragraphs of the help. */
  readonly details?: readonly string[];
  readonly options: Declared;
  readonly examples: readonly Example[];
  /** How many arguments beside the options it takes. Default: none. */
  readonly positionals?: { readonly min: number; readonly max: number };
  /** Ends well (exit code 0), or throws. */
  run(context: CommandContext<Declared>): Promise<void>;
}

/** Declares a command; its `run` sees the options typed. */
export function defineCommand<const Declared extends Options>(command: Command<Declared>): Command {
  // Safe: the frame parses the options by this very declaration before it calls run.
  return command as unknown as Command;
}
