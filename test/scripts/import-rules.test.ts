import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokenRules, importsOf, readImports } from '../../scripts/import-rules.ts';

const graph = (entries: Record<string, string[]>): ReadonlyMap<string, string[]> => new Map(Object.entries(entries));

test('the house keeps its rules', () => {
  assert.deepEqual(brokenRules(readImports(new URL('../..', import.meta.url).pathname)), []);
});

test('an import upwards is found', () => {
  const [problem] = brokenRules(
    graph({ 'src/journal/record.ts': ['src/ingest/publish.ts'], 'src/ingest/publish.ts': [] }),
  );
  assert.match(problem!, /ingest lies above journal/);
});

test('a service that imports another is found', () => {
  const [problem] = brokenRules(graph({ 'src/ingest/service.ts': ['src/recommendation/fold/state.ts'] }));
  assert.match(problem!, /no service imports another/);
});

test('a room without a floor is found', () => {
  const [problem] = brokenRules(graph({ 'src/attic/box.ts': ['src/errors.ts'] }));
  assert.match(problem!, /attic stands on no floor/);
});

test('a circle is found, also within a room', () => {
  const problems = brokenRules(graph({ 'src/rpc/a.ts': ['src/rpc/b.ts'], 'src/rpc/b.ts': ['src/rpc/a.ts'] }));
  assert.deepEqual(problems, ['a circle: src/rpc/a.ts → src/rpc/b.ts → src/rpc/a.ts']);
});

test('every form of import is read, comments are not', () => {
  const source = `import { a } from './a.ts';
import type { B } from '../b.ts';
export { c } from './c/c.ts';
const d = await import('./d.ts');
const worker = new URL('./e.worker.ts', import.meta.url);
// import { x } from './x.ts';
import fs from 'node:fs';`;
  assert.deepEqual(importsOf(source, 'src/room/file.ts'), [
    'src/room/a.ts',
    'src/b.ts',
    'src/room/c/c.ts',
    'src/room/d.ts',
    'src/room/e.worker.ts',
  ]);
});
