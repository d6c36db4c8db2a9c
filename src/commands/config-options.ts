/** The options that set keys of the configuration, for the commands that read it. */
import type { ConfigSources } from '../config.ts';
import type { Options, OptionValues } from './command.ts';

/** Takes any key; every command that reads the configuration has these. */
export const configOptions = {
  config: {
    type: 'string',
    short: 'c',
    value: 'FILE',
    description: 'Configuration file. Default: palate.yaml, if there.',
  },
  set: {
    type: 'string',
    multiple: true,
    value: 'KEY=VALUE',
    description: 'Set any key, such as rpc.maxTimeout=5m; `palate config --describe` lists them.',
  },
} as const satisfies Options;

/** What a server is told on its command line. */
export const serverOptions = {
  ...configOptions,
  host: { type: 'string', value: 'ADDRESS', description: 'Address to listen on. Default: 127.0.0.1.' },
  port: { type: 'string', short: 'p', value: 'PORT', description: 'Port of gRPC. Default: 50051; 0: any free one.' },
  'http-port': { type: 'string', value: 'PORT', description: 'Port of HTTP. Default: 8080; 0: any free one.' },
  data: { type: 'string', short: 'd', value: 'FOLDER', description: 'Data folder. Default: ./data/palate.' },
  roles: {
    type: 'string',
    value: 'LIST',
    description:
      'Services to run: ingest,recommendation,scoring; or edge, which passes all calls on. Default: all three.',
  },
  peers: {
    type: 'string',
    value: 'LIST',
    description:
      'The other processes, host:port,… or dns:///host:port: calls of services that run there are passed on.',
  },
  follow: {
    type: 'string',
    value: 'HOST:PORT',
    description: 'Follow the journal of that server; with --roles recommendation.',
  },
  'allow-anonymous': {
    type: 'boolean',
    description: 'Let callers without credentials do everything, also from other machines.',
  },
  'tls-cert': { type: 'string', value: 'FILE', description: 'Certificate to show, as PEM. Default: no TLS.' },
  'tls-key': { type: 'string', value: 'FILE', description: 'Its key, as PEM.' },
  'log-level': { type: 'string', value: 'LEVEL', description: 'debug, info, warn, error or silent. Default: info.' },
  'log-format': { type: 'string', value: 'FORMAT', description: 'json, pretty or auto. Default: auto.' },
} as const satisfies Options;

/** What a client of a running server is told. */
export const clientOptions = {
  ...configOptions,
  address: { type: 'string', short: 'a', value: 'HOST:PORT', description: 'The server. Default: 127.0.0.1:50051.' },
  tenant: { type: 'string', value: 'TENANT', description: 'Whose data. Default: the default tenant.' },
  timeout: { type: 'string', value: 'TIME', description: 'Deadline of a call, such as 5s. Default: 30s.' },
  tls: { type: 'boolean', description: 'Speak TLS.' },
  'ca-file': { type: 'string', value: 'FILE', description: "Authorities of the server's certificate, as PEM." },
  'cert-file': { type: 'string', value: 'FILE', description: 'Certificate to show, as PEM.' },
  'key-file': { type: 'string', value: 'FILE', description: 'Its key, as PEM.' },
  'server-name': { type: 'string', value: 'NAME', description: "The name in the server's certificate." },
  token: {
    type: 'string',
    value: 'TOKEN',
    description: 'Token to send. Others of this machine can see it here: rather use PALATE_CLIENT_TOKEN or a file.',
  },
  'token-file': { type: 'string', value: 'FILE', description: 'A file that holds the token.' },
} as const satisfies Options;

type ConfigValues = OptionValues<typeof serverOptions> & OptionValues<typeof clientOptions>;

const flagNames = Object.keys({ ...serverOptions, ...clientOptions }).filter((name) => name !== 'config');

/** The file and the flags among a command's options; for `context.loadConfig(configSources(context.values))`. */
export function configSources(values: Partial<ConfigValues>): Omit<ConfigSources, 'env'> {
  const given = Object.entries(values).filter(([name]) => flagNames.includes(name));
  const flags = given.map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value]);
  return { file: values.config, flags: Object.fromEntries(flags) as NonNullable<ConfigSources['flags']> };
}
