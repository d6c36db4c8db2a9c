import { after, before, describe, it } from 'node:test';
import { killedRound } from './killed-round.ts';
import { makeFolder, removeFolder } from './shadow-fixture.ts';

describe('a process that is killed while it writes snapshots and drops segments', () => {
  let folder: string;
  before(async () => {
    folder = await makeFolder();
  });
  after(() => removeFolder(folder));

  it('has lost nothing, and its state is that of all events that there ever were', async () => {
    for (let round = 0; round < 2; round++) await killedRound(folder);
  });
});
