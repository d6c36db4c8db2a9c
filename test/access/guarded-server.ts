/** Servers with credentials, within the process of a test: health, and handlers that tell what they see. */

import type { TestContext } from 'node:test';
import { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { openAccess } from '../../src/access/open-access.ts';
import type { ServerTls } from '../../src/access/server-certificate.ts';
import { loadConfig } from '../../src/config.ts';
import type { Call } from '../../src/rpc/call.ts';
import { type BoundService, bindService } from '../../src/rpc/handlers.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type RunningServer, runServer } from '../rpc/running-server.ts';

export interface GuardedServer extends RunningServer {
  /** The calls that reached a handler. */
  readonly calls: readonly Call[];
}

/** Runs a server whose `access` has these keys. `/metrics` is a page of it. */
export async function guard(
  t: TestContext,
  access: Readonly<Record<string, unknown>>,
  tls?: ServerTls,
): Promise<GuardedServer> {
  const set = Object.entries(access).map(([key, value]) => `access.${key}=${textOf(value)}`);
  const config = loadConfig({ env: {}, flags: { set } });
  const authorize = await openAccess(config.access, silentLog);
  const calls: Call[] = [];
  const seen =
    <T>(answer: T) =>
    (_: unknown, call: Call) => {
      calls.push(call);
      return answer;
    };
  const services: BoundService[] = [
    bindService(RecommendationService, { getStateStatus: seen({}) }),
    bindService(IngestService, {
      publish: seen({}),
      async *subscribe(_, call) {
        calls.push(call);
        yield {};
        await new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)));
      },
      async *publishStream(requests, call) {
        calls.push(call);
        for await (const _ of requests) yield {};
      },
    }),
  ];
  services.push(bindService(GRPCInferenceService, { serverLive: seen({ live: true }), modelInfer: seen({}) }));
  const extraRoutes = { '/': page, '/metrics': page };
  const options = { authorize, endStreamsAtExpiry: config.access.endStreamsAtExpiry };
  const server = await runServer(t, services, { options, extraRoutes, tls });
  return { ...server, calls };
}

const page = (_: unknown, response: { end(text: string): unknown }): void => void response.end('a page');

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
