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

function columnsOf(titles: readonly string[]): Column[] {
  return titles.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' }));
}

function noteLines(notes: readonly string[]): string {
  return notes.map((note) => `${note}\n`).join('');
}
