import type { TestContext } from 'node:test';
import type { DescService } from '@bufbuild/protobuf';
import { credentials } from '@grpc/grpc-js';
import type { BoundService } from '../../../src/rpc/handlers.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { forwardService } from '../../../src/rpc/mesh/forward.ts';
import { Peers, type PeersOptions } from '../../../src/rpc/mesh/peers.ts';
import { RetryBudget } from '../../../src/rpc/mesh/retry-budget.ts';
import type { RpcOptions } from '../../../src/rpc/options.ts';
import { type RunningServer, runServer } from '../running-server.ts';

/** A process that runs a service itself, and says so. */
export async function runOwner(t: TestContext, service: BoundService): Promise<RunningServer> {
  const owner = await runServer(t, [service], { options: { drainDelayMillis: 0, drainMillis: 500 } });
  owner.health.set(service.service.typeName, 'SERVING');
  return owner;
}

/** Those that a service's calls go to. */
export async function meetPeers(
  t: TestContext,
  service: DescService,
  addresses: readonly string[],
  options: Partial<PeersOptions> = {},
): Promise<Peers> {
  const peers = new Peers({
    addresses,
    services: [service.typeName],
    credentials: () => credentials.createInsecure(),
    log: silentLog,
    ...options,
  });
  t.after(() => peers.stop());
  await peers.start();
  return peers;
}

/** A process that passes a service's calls on. */
export async function runEdge(
  t: TestContext,
  service: DescService,
  addresses: readonly string[],
  given: { readonly peers?: Partial<PeersOptions>; readonly options?: Partial<RpcOptions> } = {},
): Promise<RunningServer & { readonly peers: Peers }> {
  const peers = await meetPeers(t, service, addresses, given.peers);
  const forwarded = forwardService(service, { peers, budget: new RetryBudget() });
  const options = { drainDelayMillis: 0, drainMillis: 500, ...given.options };
  return { ...(await runServer(t, [forwarded], { options })), peers };
}
