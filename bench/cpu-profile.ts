/** Reads the CPU profiles that `node --cpu-prof` writes (the format of the Chrome DevTools protocol, `Profiler.Profile`). */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportTable } from './report.ts';

/** A function's own time, without that of those it called. */
export interface FunctionCost {
  readonly name: string;
  /** `src/ingest/publish.ts:63`, `node:internal/…`, or '' for the machine's own work. */
  readonly place: string;
  readonly selfMillis: number;
  /** Of the time in which the process was not idle. */
  readonly share: number;
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const root = new URL('..', import.meta.url).href;

/** Adds up the profiles of one process's threads, the costliest function first. */
export function readProfiles(folder: string, pid: number): FunctionCost[] {
  const files = readdirSync(folder).filter((name) => name.includes(`.${pid}.`) && name.endsWith('.cpuprofile'));
  const selfMicros = new Map<string, number>();
  for (const file of files) addProfile(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile, selfMicros);
  selfMicros.delete('(idle)\n');
  selfMicros.delete('(program)\n');
  const total = [...selfMicros.values()].reduce((sum, micros) => sum + micros, 0);
  return [...selfMicros]
    .map(([key, micros]) => {
      const [name = '', place = ''] = key.split('\n');
      return { name, place, selfMillis: micros / 1_000, share: micros / total };
    })
    .toSorted((a, b) => b.selfMillis - a.selfMillis);
}

/** Each sample's time goes to the function that ran. */
function addProfile({ nodes, samples, timeDeltas }: Profile, into: Map<string, number>): void {
  const keys = new Map(nodes.map(({ id, callFrame }) => [id, keyOf(callFrame)]));
  for (const [index, node] of samples.entries()) {
    const key = keys.get(node) ?? '';
    into.set(key, (into.get(key) ?? 0) + (timeDeltas[index] ?? 0));
  }
}

function keyOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return `${name}\n`;
  const file = url.replace(root, '').replace(/^.*\/node_modules\//, '');
  return `${name}\n${file}:${lineNumber + 1}`;
}

/** The costliest functions as a table. */
export function profileTable(functions: readonly FunctionCost[], length = 25): ReportTable {
  return {
    titles: ['function', 'self ms', 'share', 'place'],
    rows: functions
      .slice(0, length)
      .map(({ name, place, selfMillis, share }) => [
        name,
        selfMillis.toFixed(0),
        `${(share * 100).toFixed(1)} %`,
        place,
      ]),
  };
}
