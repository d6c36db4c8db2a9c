/**
 * The floors of the house (ARCHITECTURE.md): imports point down, no service imports another, and there is no circle.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** From the top floor to the ground. A room is a folder or a file below `src/`; `gen` lies under all. */
export const floors: readonly (readonly string[])[] = [
  ['main.ts', 'index.ts'],
  ['commands'],
  ['connectors', 'console', 'ingest', 'recommendation', 'scoring'],
  ['exchange', 'journal', 'storage'],
  ['rpc'],
  ['events', 'expressions', 'access', 'files', 'threads', 'telemetry'],
  ['config', 'errors', 'lifecycle'],
  ['gen'],
];

/** Each of them meets the others through generated clients and the journal only. */
const services = new Set(['connectors', 'console', 'ingest', 'recommendation', 'scoring']);

/** What a file imports of this project: paths from the root, by file. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Every way in which the imports break the rules, one sentence each; empty when they keep them. */
export function brokenRules(graph: ImportGraph): string[] {
  const broken: string[] = [];
  for (const [file, imports] of graph) {
    for (const imported of imports) {
      const problem = directionProblem(file, imported);
      if (problem !== undefined) broken.push(problem);
    }
  }
  return [...broken, ...circles(graph).map((circle) => `a circle: ${circle.join(' → ')}`)];
}

function directionProblem(file: string, imported: string): string | undefined {
  const from = roomOf(file);
  const to = roomOf(imported);
  if (from === to) return undefined;
  const fromFloor = floorOf(from);
  const toFloor = floorOf(to);
  if (fromFloor === undefined)
    return `${file}: the room ${from} stands on no floor; give it one in ${import.meta.filename.split('/').at(-1)}`;
  if (toFloor === undefined) return `${file} imports ${imported}, which stands on no floor`;
  if (toFloor < fromFloor) return `${file} imports ${imported}: ${to} lies above ${from}`;
  if (services.has(from) && services.has(to)) return `${file} imports ${imported}: no service imports another`;
  return undefined;
}

/** `src/rpc/server/listen.ts` → `rpc`; `src/config.ts` and `src/config/units.ts` → `config`; `src/main.ts` → `main.ts`. */
function roomOf(file: string): string {
  if (file.startsWith('gen/')) return 'gen';
  const [room = ''] = file.replace(/^src\//, '').split('/');
  const bare = room.replace(/\.ts$/, '');
  return floorOf(room) === undefined && floorOf(bare) !== undefined ? bare : room;
}

function floorOf(room: string): number | undefined {
  const floor = floors.findIndex((rooms) => rooms.includes(room));
  return floor === -1 ? undefined : floor;
}

/** The circles that a walk in depth meets, each once; a circle of imports has at least one of them. */
function circles(graph: ImportGraph): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const imported of graph.get(file) ?? []) walk(imported);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) walk(file);
  return found;
}

/** Reads the imports of every file below `src/`. Type-only imports count for direction and circles alike. */
export function readImports(root: string): ImportGraph {
  const graph = new Map<string, string[]>();
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const file = join('src', name);
    graph.set(file, importsOf(readFileSync(join(root, file), 'utf8'), file));
  }
  return graph;
}

/** `from './x.ts'`, `import './x.ts'`, `import('./x.ts')` and `new URL('./x.ts', import.meta.url)`. */
const relativeImport = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|\bnew URL\(\s*)['"](\.{1,2}\/[^'"]+\.ts)['"]/g;

export function importsOf(source: string, file: string): string[] {
  const withoutComments = source.replace(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*$)/gm, '');
  return [...withoutComments.matchAll(relativeImport)].map((match) =>
    relative('.', resolve(dirname(file), match[1] ?? '')),
  );
}
