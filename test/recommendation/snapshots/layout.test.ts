import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { foldVersion } from '../../../src/recommendation/fold/fold-version.ts';
import { defaultFoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState } from '../../../src/recommendation/fold/state.ts';
import { ArchiveWriter } from '../../../src/recommendation/snapshots/archive-writer.ts';
import { anyJournal } from '../fold/any-event.ts';
import { apply } from '../fold/events.ts';

const typeNames = ['', 'bytes', 'ints', 'floats'];

/** The sections of one tenant, each kind of chunk and record once. */
function layout(): string {
  const state = createState(defaultFoldSettings);
  apply(state, fc.sample(anyJournal, { seed: 11, numRuns: 10 }).flat());
  const lines = new Set<string>();
  state.persist(new ArchiveWriter((name, type) => lines.add(lineOf(name, typeNames[type]!))));
  return [...lines].join('\n');
}

function lineOf(name: string, type: string): string {
  const path = name.replace(/^0\//, 'N/');
  const record = /^(.*)\.(numbers|lengths|texts)$/.exec(path);
  if (record !== null) return `${record[1]}: records`;
  const chunk = /^(.*)\.(count|\d+)$/.exec(path);
  return chunk === null ? `${path}: ${type}` : `${chunk[1]}: chunks`;
}

describe('the sections of a snapshot', () => {
  const page = readFileSync(new URL('../../../docs/snapshot-format.md', import.meta.url), 'utf8');
  const listed = /```text sections\n(.*?)\n```/s.exec(page)?.[1];

  it('are those that docs/snapshot-format.md lists', () => {
    const actual = layout();
    assert.equal(listed, actual, `they changed: raise foldVersion, and put these into the page:\n${actual}`);
  });

  it('the page names the version of the fold', () => {
    assert.match(page, new RegExp(`The version of the fold is now ${foldVersion}\\.`));
  });
});
