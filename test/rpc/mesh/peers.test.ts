import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { bindService } from '../../../src/rpc/handlers.ts';
import { until } from '../running-server.ts';
import { meetPeers, runEdge, runOwner } from './mesh-of.ts';

const service = RecommendationService;
const name = service.typeName;
const patience = () => ({ signal: new AbortController().signal, deadlineMillis: Date.now() + 5_000 });
const recommends = () => bindService(service, { recommend: () => ({}) });

describe('peers', () => {
  it('are chosen while they say that they serve', async (t) => {
    const owner = await runOwner(t, recommends());
    const peers = await meetPeers(t, service, [owner.grpc]);
    assert.equal((await peers.pick(name, patience())).address.target, owner.grpc);
    owner.health.set(name, 'NOT_SERVING');
    await until(() => !peers.serves(name));
    owner.health.set(name, 'SERVING');
    await until(() => peers.serves(name));
  });

  it('are chosen only for what they run themselves', async (t) => {
    const owner = await runOwner(t, recommends());
    const edge = await runEdge(t, service, [owner.grpc]);
    edge.health.setElsewhere(name, 'SERVING');
    const peers = await meetPeers(t, service, [edge.grpc, owner.grpc]);
    for (let count = 0; count < 10; count++) {
      assert.equal((await peers.pick(name, patience())).address.target, owner.grpc);
    }
  });

  it('are chosen by turns, and rather the one with fewer calls under way', async (t) => {
    const owners = [await runOwner(t, recommends()), await runOwner(t, recommends())];
    const peers = await meetPeers(
      t,
      service,
      owners.map(({ grpc }) => grpc),
    );
    const picks = async (count: number) => {
      const found = [];
      for (let index = 0; index < count; index++) found.push(await peers.pick(name, patience()));
      return found;
    };
    await until(() => peers.serves(name));
    let both = new Set<string>();
    while (both.size < 2) both = new Set((await picks(4)).map(({ address }) => address.target));
    const [busy] = await picks(1);
    for (let count = 0; count < 10; count++) busy!.calls.begin();
    for (const peer of await picks(10)) assert.notEqual(peer, busy);
    assert.notEqual(await peers.pick(name, patience(), busy), busy);
  });

  it('are found again after they were away', async (t) => {
    const first = await runOwner(t, recommends());
    const peers = await meetPeers(t, service, [first.grpc], { patienceMillis: 200 });
    await peers.pick(name, patience());
    await first.server.stop();
    await until(() => !peers.serves(name));
    await assert.rejects(peers.pick(name, patience()), { reason: 'UNREACHABLE' });
  });

  it('come and go with their name', async (t) => {
    const owners = [await runOwner(t, recommends()), await runOwner(t, recommends())];
    let hosts = ['127.0.0.1'];
    const port = owners[0]!.grpc.split(':')[1];
    const resolve = async () => hosts;
    const peers = await meetPeers(t, service, [`dns:///palate:${port}`], { resolve, refreshMillis: 20 });
    await until(() => peers.serves(name));
    hosts = [];
    await until(() => !peers.serves(name));
    hosts = ['127.0.0.1'];
    await until(() => peers.serves(name));
  });

  it('keep nobody waiting who has gone', async (t) => {
    const peers = await meetPeers(t, service, ['127.0.0.1:1']);
    const leaving = new AbortController();
    const pick = peers.pick(name, { signal: leaving.signal, deadlineMillis: Date.now() + 5_000 });
    leaving.abort(new Error('gone'));
    await assert.rejects(pick, /gone/);
  });
});
