import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigKind, ModelKind } from '../../../../gen/palate/event/v1/control_pb.ts';
import { event, folded } from '../events.ts';

const config = (kind: ConfigKind, name: string, bodyJson: string) => event('configChanged', { kind, name, bodyJson });

describe('configChanged', () => {
  it('installs by kind and name, and an empty body takes it away', () => {
    const tenant = folded([config(1, 'home', '{"a":1}'), config(2, 'home', '{"b":1}'), config(3, 'x', '{}')]);
    assert.equal(tenant.placements.get('home'), '{"a":1}');
    assert.equal(tenant.strategies.get('home'), '{"b":1}');
    assert.equal(tenant.experiments.get('x'), '{}');
    const back = folded([config(1, 'home', '{"a":1}'), config(1, 'home', '')]);
    assert.equal(back.placements.get('home'), undefined);
    assert.equal(back.placements.size, 0);
  });

  it('lets the one installed longest ago go when there are too many', () => {
    const events = [config(1, 'a', '{}'), config(1, 'b', '{}'), config(1, 'a', '{"x":1}'), config(1, 'c', '{}')];
    assert.deepEqual([...folded(events, { installedEntries: 2 }).placements.keys()], ['a', 'c']);
  });
});

describe('modelInstalled', () => {
  it('notes the latest version by kind and name', () => {
    const model = (kind: ModelKind, version: string) =>
      event('modelInstalled', { kind, name: 'm', version, sha256: 'f'.repeat(64) });
    const tenant = folded([model(1, '1'), model(1, '2'), model(2, '7')]);
    assert.deepEqual(
      [...tenant.models.entries()],
      [
        ['1/m', `2/${'f'.repeat(64)}`],
        ['2/m', `7/${'f'.repeat(64)}`],
      ],
    );
  });
});
