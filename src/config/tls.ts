/** Certificates: those that a server shows, and those that it or a client of it asks for. */
import type * as z from 'zod';
import { boolean, choice, duration, secret, section, text, texts } from './settings.ts';

const file = (description: string, flag?: string) =>
  text({ description, default: '', allowed: 'a PEM file', ...(flag === undefined ? {} : { flag }) });

/** What both ports show and ask for. */
export const tls = section({
  certificateFile: file("The server's certificate and those between it and its authority; empty: no TLS.", 'tls-cert'),
  keyFile: file('The key of that certificate.', 'tls-key'),
  clientCertificates: choice(['off', 'optional', 'required'], {
    description: 'Whether callers show a certificate: off, optional (one that is shown must be good) or required.',
    default: 'off',
  }),
  clientCaFile: file('The authorities of the certificates that callers show.'),
  minVersion: choice(['TLSv1.2', 'TLSv1.3'], { description: 'The oldest version of TLS spoken.', default: 'TLSv1.2' }),
  reloadEvery: duration({
    description: 'How often the files are looked at for new certificates; SIGHUP does it at once.',
    default: '1m',
    min: '100ms',
    max: '24d',
  }),
  warnBeforeExpiry: duration({
    description: 'A certificate that expires sooner is warned of, once a day.',
    default: '14d',
    max: '52w',
  }),
});

/** How a client reaches a server; `flags` gives its keys flags of the command line. */
export function connectionKeys(flags: boolean) {
  const flag = (name: string) => (flags ? { flag: name } : {});
  return {
    tls: boolean({ description: 'Whether TLS is spoken.', default: false, ...flag('tls') }),
    caFile: file("The authorities of the server's certificate; empty: those of this machine.", flag('ca-file').flag),
    certificateFile: file('The certificate to show where the server asks for one.', flag('cert-file').flag),
    keyFile: file('The key of that certificate.', flag('key-file').flag),
    serverName: text({
      description: "The name in the server's certificate, where it is not that of the address.",
      default: '',
      ...flag('server-name'),
    }),
    token: secret({
      description: 'The token to send; or give tokenFile.',
      default: '',
      pattern: /^\S*$/,
      ...flag('token'),
    }),
    tokenFile: text({
      description: 'A file that holds the token; it is read again when it changes.',
      default: '',
      ...flag('token-file'),
    }),
  };
}

/** Where the others of its kind are, and how a process reaches them. */
export const peers = section({
  addresses: texts({
    description:
      'The other processes of the mesh: host:port, or dns:///host:port for every address of a name; this one may be among ' +
      'them. A service that this process does not run is passed on to those that do. Default: the one that journal.follow names.',
    default: [],
    flag: 'peers',
    pattern: /^(dns:\/\/\/)?(\[[^\]\s]+\]|[^:[\]/\s]+):\d{1,5}$/,
    allowed: 'a list of host:port or dns:///host:port',
  }),
  ...connectionKeys(false),
});

type Tls = z.output<typeof tls>;
/** How to reach a server, whichever section says so. */
export type Connection = Omit<z.output<typeof peers>, 'addresses'>;

/** Tells of each relation between keys that does not hold. `fail` takes a path and a sentence. */
export function checkTls(
  given: { readonly tls: Tls } & Connections,
  fail: (path: readonly string[], message: string) => void,
): void {
  const { certificateFile, keyFile, clientCertificates, clientCaFile } = given.tls;
  if ((certificateFile === '') !== (keyFile === '')) fail(['tls', 'keyFile'], 'it must be given with certificateFile');
  if (clientCertificates !== 'off') {
    if (certificateFile === '') fail(['tls', 'clientCertificates'], 'it must be off without certificateFile');
    if (clientCaFile === '') fail(['tls', 'clientCaFile'], 'it must be given where callers show certificates');
  }
  checkConnections(given, fail);
}

interface Connections {
  readonly client: Connection;
  readonly peers: Connection;
  readonly scoring: { readonly models: { readonly remote: Connection } };
}

function checkConnections(
  { client, peers, scoring }: Connections,
  fail: (path: readonly string[], message: string) => void,
): void {
  const connections = [
    [['client'], client],
    [['peers'], peers],
    [['scoring', 'models', 'remote'], scoring.models.remote],
  ] as const;
  for (const [path, connection] of connections) {
    const { tls: isSecure, caFile, certificateFile, keyFile, serverName, token, tokenFile } = connection;
    if (!isSecure && [caFile, certificateFile, keyFile, serverName].some((value) => value !== '')) {
      fail([...path, 'tls'], 'it must be true where certificates are named');
    }
    if ((certificateFile === '') !== (keyFile === ''))
      fail([...path, 'keyFile'], 'it must be given with certificateFile');
    if (token !== '' && tokenFile !== '') fail([...path, 'tokenFile'], 'it must not stand beside token');
  }
}
