/** Three processes with a role each, at addresses that stay theirs when they are started anew. */

import type { Client } from '@grpc/grpc-js';
import { connect } from '../interop/plain-client.ts';
import { kill, type Scope, type ServedPalate, servePalate, temporaryFolder } from '../servers/palate-process.ts';
import { startProxy, type TcpProxy } from '../servers/tcp-proxy.ts';

export const roles = ['ingest', 'recommendation', 'scoring'] as const;
export type Role = (typeof roles)[number];

/** The retry policy that the README gives. */
export const retryPolicy = {
  maxAttempts: 5,
  initialBackoff: '0.5s',
  maxBackoff: '10s',
  backoffMultiplier: 3,
  retryableStatusCodes: ['UNAVAILABLE'],
};

export interface RoleProcess {
  readonly role: Role;
  /** Where it is reached, whichever process it is at the time. */
  readonly address: string;
  /** A client that tries again as the README tells. */
  readonly patient: Client;
  /** A client that tries once. */
  readonly impatient: Client;
  /** The process that runs, or ran last. */
  readonly server: ServedPalate;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<number>;
  /** Starts it again over its folder. */
  restart(): Promise<void>;
}

export type Mesh = Readonly<Record<Role, RoleProcess>> & {
  /** A client of all three that tries again as the README tells. */
  readonly everywhere: Client;
};

/** Starts them; each knows all three addresses, its own among them. */
export async function serveMesh(scope: Scope): Promise<Mesh> {
  const t = collecting(scope);
  const proxies = {} as Record<Role, TcpProxy>;
  for (const role of roles) proxies[role] = await startProxy(t, '127.0.0.1:1');
  const peers = roles.map((role) => proxies[role].address).join(',');
  const processes = {} as Record<Role, RoleProcess>;
  for (const role of roles) {
    const follow = role === 'ingest' ? [] : ['--follow', proxies.ingest.address];
    const args = ['--roles', role, ...follow, '--peers', peers];
    processes[role] = await serveRole(t, role, args, proxies[role]);
  }
  return { ...processes, everywhere: connectPatiently(t, `ipv4:${peers}`) };
}

/** What is started anew within a test is not to end with that test. */
function collecting(scope: Scope): Scope {
  const releases: (() => void | Promise<void>)[] = [];
  scope.after(async () => {
    for (const release of releases.reverse()) await release();
  });
  return { after: (release) => void releases.push(release) };
}

/** As the README tells. */
function connectPatiently(t: Scope, target: string): Client {
  const config = { loadBalancingConfig: [{ round_robin: {} }], methodConfig: [{ name: [{}], retryPolicy }] };
  return connect(t, target, { 'grpc.service_config': JSON.stringify(config) });
}

async function serveRole(t: Scope, role: Role, args: readonly string[], proxy: TcpProxy): Promise<RoleProcess> {
  const dataFolder = await temporaryFolder(t);
  const start = async () => {
    const served = await servePalate(t, { dataFolder, args });
    proxy.target = served.grpc;
    return served;
  };
  let server = await start();
  return {
    role,
    address: proxy.address,
    patient: connectPatiently(t, proxy.address),
    impatient: connect(t, proxy.address, { 'grpc.enable_retries': 0, 'grpc.max_reconnect_backoff_ms': 500 }),
    get server() {
      return server;
    },
    kill: () => kill(server),
    stop: () => server.stop(),
    async restart() {
      server = await start();
    },
  };
}
