/** `palate serve`: the server, until SIGINT or SIGTERM. */
import { once } from 'node:events';
import { tracingVariables } from '../config.ts';
import { createLog } from '../telemetry/log.ts';
import { openTracing } from '../telemetry/tracing/open-tracing.ts';
import { collectOften } from '../threads/full-collections.ts';
import { keepYoung } from '../threads/young-generation.ts';
import { assembleServer } from './assemble.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { configSources, serverOptions } from './config-options.ts';
import { packageVersion } from './package-version.ts';

export const serve = defineCommand({
  name: 'serve',
  summary: 'Run the server',
  usage: '[options]',
  details: [
    'All roles in one process, with an embedded journal in the data folder. gRPC on one port; Connect, gRPC-Web, JSON, ' +
      '/metrics, /healthz and /readyz on the other. At the start the state is folded from the journal; then the server says that ' +
      'it serves, in its log and by its health service.',
    'With --follow it has no journal of its own: it folds the events of a server elsewhere, answers from them, and serves ' +
      'while it keeps up. So reads scale: on one machine, a process a core.',
    'Beyond this machine it listens only where it is told who may call: by tokens or client certificates, or by ' +
      '--allow-anonymous that anyone may.',
    'The OTEL_* variables of OpenTelemetry send traces to a collector: OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318.',
    'SIGTERM or Ctrl-C drains it: health says NOT_SERVING, running calls may finish, then it ends with code 0. A second ' +
      'signal does not wait.',
  ],
  options: serverOptions,
  examples: [
    { command: 'palate serve', does: 'on 127.0.0.1:50051 and :8080, data in ./data/palate' },
    {
      command: 'palate serve --config palate.yaml --host 0.0.0.0 --tls-cert server.pem --tls-key server.key',
      does: 'for other machines; palate.yaml says who may call (docs/access.md)',
    },
    {
      command: 'palate serve --roles recommendation --follow 127.0.0.1:50051 --port 50061 --http-port 8081',
      does: 'one more that answers reads, from the journal of the first',
    },
    { command: 'palate serve --set journal.durability=os', does: 'faster, and a power cut may lose the last moments' },
  ],
  run,
});

async function run(context: CommandContext<typeof serverOptions>): Promise<void> {
  keepYoung();
  const config = context.loadConfig(configSources(context.values));
  const log = createLog(config.log);
  const endTracing = await openTracing(tracingVariables(), packageVersion(), log.child({ part: 'tracing' }));
  const { lifecycle, rpc } = await assembleServer(config, log);
  const interrupted = once(context.signal, 'abort').then(() => {
    log.info({}, 'stopping');
    return lifecycle.stop();
  });
  await lifecycle.start();
  const endCollections = collectOften();
  if (!context.signal.aborted) {
    const { follow } = config.journal;
    const source = follow === '' ? { dataFolder: config.dataFolder } : { follow };
    log.info({ ...rpc.address(), ...source, roles: config.roles }, 'serving');
  }
  await interrupted;
  await endTracing();
  endCollections();
  log.info({}, 'stopped');
}
