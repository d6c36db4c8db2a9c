import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readProfiles } from '../../bench/cpu-profile.ts';

const folder = mkdtempSync(join(tmpdir(), 'palate-profile-'));
after(() => rmSync(folder, { recursive: true }));

function frame(id: number, functionName: string, url: string) {
  return { id, callFrame: { functionName, url, lineNumber: 9 } };
}

describe('a CPU profile', () => {
  it('gives each function its own time, over all threads, without idling', () => {
    const source = new URL('../../src/errors.ts', import.meta.url).href;
    const nodes = [frame(1, 'parse', source), frame(2, '(idle)', ''), frame(3, '', 'file:///a/node_modules/b/c.js')];
    const profile = { nodes, samples: [1, 2, 3, 1], timeDeltas: [2_000, 90_000, 1_000, 4_000] };
    writeFileSync(join(folder, 'CPU.20260101.120000.77.0.001.cpuprofile'), JSON.stringify(profile));
    writeFileSync(join(folder, 'CPU.20260101.120000.77.1.002.cpuprofile'), JSON.stringify(profile));
    writeFileSync(join(folder, 'CPU.20260101.120000.78.0.001.cpuprofile'), 'another process, not read');
    assert.deepEqual(readProfiles(folder, 77), [
      { name: 'parse', place: 'src/errors.ts:10', selfMillis: 12, share: 12 / 14 },
      { name: '(anonymous)', place: 'b/c.js:10', selfMillis: 2, share: 2 / 14 },
    ]);
  });
});
