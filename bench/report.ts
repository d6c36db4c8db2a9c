/** What a benchmark found, for people and for programs. */

import { availableParallelism, cpus, loadavg } from 'node:os';
import { type Column, formatTable } from '../src/commands/table.ts';

export interface ReportTable {
  /** The first column stands at the left, the others at the right. */
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Report {
  readonly tables: readonly ReportTable[];
  /** Sentences below the tables: how it was measured, and what a budget says. */
  readonly notes: readonly string[];
  /** The same figures with their units in their names. */
  readonly figures: unknown;
  /** What did not hold of what the run was to show. Any fails it. */
  readonly failures?: readonly string[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Of the minute before the run: what else the machine was doing. */
  readonly loadBefore: number;
  /** Day of the run, UTC. */
  readonly date: string;
}

export function machineOf(now = new Date()): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    date: now.toISOString().slice(0, 10),
  };
}

/** The report as text: the machine, the tables, the notes. */
export function formatReport(name: string, report: Report, { cpu, cores, node, loadBefore, date }: Machine): string {
  const tables = report.tables.map(({ titles, rows }) => formatTable(columnsOf(titles), rows));
  return [
    `${name}: ${cpu}, ${cores} cores, Node ${node}, load ${loadBefore} before, ${date}\n`,
    ...tables,
    noteLines(report.notes),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** The report for a page such as RESULTS.md: tables of Markdown, ready to be put in. */
export function formatMarkdown(name: string, report: Report, machine: Machine): string {
  const { cpu, cores, node, loadBefore, date } = machine;
  const tables = report.tables.map(({ titles, rows }) => [
    markdownRow(titles),
    markdownRow(titles.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(markdownRow),
  ]);
  return [
    [`${name}: ${cpu}, ${cores} cores, Node ${node}, load ${loadBefore} before, ${date}.`],
    ...tables,
    report.notes.map((note) => `- ${note}`),
  ]
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
}

function columnsOf(titles: readonly string[]): Column[] {
  return titles.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' }));
}

function noteLines(notes: readonly string[]): string {
  return notes.map((note) => `${note}\n`).join('');
}
