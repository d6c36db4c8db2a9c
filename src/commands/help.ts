/** The help texts, generated from the declarations. */
import type { Command, Option, Options } from './command.ts';
import { exitCodeMeanings } from './exit-codes.ts';
import { commonOptions } from './parse-arguments.ts';
import { type Entry, groups } from './registry.ts';
import { hanging, wrap } from './text-layout.ts';

/** What `palate --help` shows: the commands by group. `columns` is the width of the terminal. */
export function overviewHelp(entries: readonly Entry[], columns: number): string {
  const width = Math.max(...entries.map((entry) => entry.name.length)) + 2;
  const listed = groups.flatMap((group) => {
    const inGroup = entries.filter((entry) => entry.group === group);
    if (inGroup.length === 0) return [];
    return ['', `${group}:`, ...inGroup.flatMap((entry) => hanging(entry.name, entry.summary, width, columns))];
  });
  const lines = [
    'palate: takes typed events and photos, recommends what a user should see next, and scores meals.',
    '',
    'Usage: palate COMMAND [options]',
    ...listed,
    '',
    'Options:',
    ...hanging('-h, --help', 'Show this help; after a command, the help of the command.', 15, columns),
    ...hanging('--version', 'Show the version.', 15, columns),
    ...hanging('--verbose', commonOptions.verbose.description, 15, columns),
    '',
    'Exit codes:',
    ...exitCodeMeanings.map(([code, meaning]) => `  ${code}  ${meaning}`),
    '',
    '`palate COMMAND --help` shows the options of a command, with examples.',
  ];
  return `${lines.join('\n')}\n`;
}

/** What `palate COMMAND --help` shows. */
export function commandHelp(command: Command, columns: number): string {
  const options = Object.entries<Option>({ ...command.options, ...commonOptions } satisfies Options);
  const labels = options.map(([name, option]) => [optionLabel(name, option), option.description] as const);
  const width = Math.min(28, Math.max(...labels.map(([label]) => label.length)) + 2);
  const lines = [
    `${command.summary}.`,
    '',
    `Usage: palate ${command.name} ${command.usage}`.trimEnd(),
    ...(command.details ?? []).flatMap((paragraph) => ['', ...wrap(paragraph, columns)]),
    '',
    'Options:',
    ...labels.flatMap(([label, description]) => hanging(label, description, width, columns)),
    ...(command.examples.length === 0 ? [] : ['', 'Examples:']),
    ...command.examples.flatMap(({ command: line, does }) => [`  ${line}`, ...hanging('', does, 4, columns)]),
  ];
  return `${lines.join('\n')}\n`;
}

function optionLabel(name: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const value = option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : '';
  return `${short}--${name}${value}${option.multiple === true ? '…' : ''}`;
}
