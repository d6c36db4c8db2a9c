/** The one schema of the configuration: every key, its default, its bounds, and what it is for. */
import type * as z from 'zod';
import { access, checkAccess } from './access.ts';
import { checkMessageSizes } from './message-sizes.ts';
import { recommendation } from './recommendation.ts';
import { scoring } from './scoring.ts';
import { choice, choices, duration, durationOrUnlimited, integer, section, size, text, texts } from './settings.ts';
import { storage, storageProblems } from './storage.ts';
import { log, metrics } from './telemetry.ts';
import { checkTls, connectionKeys, peers, tls } from './tls.ts';

/** Which services a process runs itself. An edge runs none, and passes every call on. */
const roles = ['ingest', 'recommendation', 'scoring', 'edge'] as const;
/** All that there are to run. */
const allRoles = ['ingest', 'recommendation', 'scoring'] as const;

/** Node's timers hold 31 bits of milliseconds; a longer one would fire at once. */
const longestTimer = '24d';

const rpc = section({
  maxReceiveBytes: size({
    description: 'Largest message taken; a larger one is MESSAGE_TOO_LARGE.',
    default: '20MiB',
    min: '64KiB',
    max: '1GiB',
  }),
  maxSendBytes: size({
    description: 'Largest message sent; most clients take 4MiB, and Subscribe sends 1MiB of events at a time.',
    default: '4MiB',
    min: '1MiB',
    max: '1GiB',
  }),
  maxMetadataBytes: size({
    description: 'Largest metadata (headers) of a call.',
    default: '16KiB',
    min: '1KiB',
    max: '1MiB',
  }),
  defaultTimeout: duration({
    description: 'Deadline of a unary call that brings none.',
    default: '30s',
    min: '1ms',
    max: longestTimer,
  }),
  maxTimeout: duration({
    description: 'A unary call that asks for a longer deadline gets this one.',
    default: '10m',
    min: '1ms',
    max: longestTimer,
  }),
  keepaliveTime: duration({
    description: 'A connection silent for this long is pinged.',
    default: '60s',
    min: '1s',
    max: longestTimer,
  }),
  keepaliveTimeout: duration({
    description: 'A ping unanswered for this long ends the connection.',
    default: '20s',
    min: '1s',
    max: longestTimer,
  }),
  maxConnectionAge: durationOrUnlimited({
    description: 'A connection older than this is asked to reconnect, so that load spreads again.',
    default: 'unlimited',
    min: '1s',
    max: longestTimer,
  }),
  maxConnectionAgeGrace: duration({
    description: 'How long the calls of such a connection may go on.',
    default: '5m',
    min: '1s',
    max: longestTimer,
  }),
  maxConcurrentStreams: integer({
    description: 'Calls at a time on one connection.',
    default: 1_000,
    min: 1,
    max: 1_000_000,
  }),
  drainTimeout: duration({
    description: 'How long running calls may go on when the server stops.',
    default: '10s',
    max: longestTimer,
  }),
  corsOrigins: texts({
    description: 'Web origins whose pages may call the HTTP port; * for all.',
    default: [],
    pattern: /^(\*|https?:\/\/[^/\s]+)$/,
    allowed: 'a list of origins such as https://app.example.com, or *',
  }),
});

const journal = section({
  durability: choice(['disk', 'os'], {
    description:
      'disk: an acknowledged event is on the disk (fdatasync). os: it is in the page cache, and a power cut may lose it.',
    default: 'disk',
  }),
  segmentBytes: size({
    description: 'A segment file of this size is closed and the next begun.',
    default: '128MiB',
    min: '64KiB',
    max: '1GiB',
  }),
  maxPendingBytes: size({
    description: 'Events waiting for the disk; beyond it a batch is OVERLOADED.',
    default: '64MiB',
    min: '1MiB',
    max: '4GiB',
  }),
  retention: section({
    maxAge: durationOrUnlimited({
      description:
        'Whole segments older than this are dropped once two snapshots cover them and the duplicate window is kept. Keep copies: a new version of the fold, or other settings of the state, need them.',
      default: 'unlimited',
      min: '1m',
    }),
    maxBytes: size({
      description:
        'The oldest segments are dropped, under the same conditions, while the journal is larger; 0: it may grow.',
      default: '0B',
      min: '0B',
    }),
  }),
  follow: text({
    description: 'host:port of the server whose journal this process follows, in place of one of its own; empty: none.',
    default: '',
    flag: 'follow',
    pattern: /^$|^\S+:\d{1,5}$/,
    allowed: 'host:port',
  }),
  maxLagEvents: integer({
    description: 'A follower that is at most so many events behind keeps up.',
    default: 10_000,
  }),
  maxLag: duration({
    description: 'A follower that has not kept up, or has heard nothing, for longer than this does not serve.',
    default: '30s',
    min: '2s',
    max: longestTimer,
  }),
});

const ingest = section({
  maxBatchEvents: integer({
    description: 'Events in one batch; a larger one is BATCH_TOO_LARGE.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  maxEventBytes: size({
    description: 'Largest event; a larger one is EVENT_TOO_LARGE.',
    default: '256KiB',
    min: '1KiB',
    max: '16MiB',
  }),
  maxFuture: duration({
    description: 'An event further ahead of the clock than this is EVENT_FROM_FUTURE.',
    default: '10m',
  }),
  duplicateWindow: integer({
    description: "A tenant's newest events among which a repeated event_id is a duplicate.",
    default: 1_000_000,
    min: 1_000,
    max: 100_000_000,
  }),
  maxTenants: integer({
    description:
      'Tenants with events; a batch of a further one is TENANTS_FULL. Each takes some 150 KiB of memory at least.',
    default: 1_000,
    min: 1,
    max: 1_000_000,
  }),
  maxInFlightBatches: integer({
    description: 'Batches of one stream that wait for their acknowledgement; beyond it reading pauses.',
    default: 64,
    min: 1,
    max: 10_000,
  }),
  maxInFlightBytes: size({
    description:
      'Events of all callers that wait for their acknowledgement; beyond it streams are not read, and Publish is OVERLOADED.',
    default: '8MiB',
    min: '64KiB',
    max: '1GiB',
  }),
  followers: choice(['auto', 'allow', 'deny'], {
    description:
      'Whether a caller may read the events of all tenants, as a follower does. auto: while host is a loopback address.',
    default: 'auto',
  }),
});

const client = section({
  address: text({
    description: 'host:port of the server that the client commands call.',
    default: '127.0.0.1:50051',
    flag: 'address',
    pattern: /^\S+:\d{1,5}$/,
    allowed: 'host:port',
  }),
  tenant: text({
    description: 'The tenant that they call for; empty: the default tenant.',
    default: '',
    flag: 'tenant',
    pattern: /^$|^[a-z0-9-]{1,63}$/,
    allowed: '1 to 63 of a-z, 0-9 and "-"',
  }),
  timeout: duration({
    description: 'Deadline of one of their calls.',
    default: '30s',
    flag: 'timeout',
    min: '1ms',
    max: longestTimer,
  }),
  ...connectionKeys(true),
});

/** All keys. Its input is the file's form; its output is the typed configuration. */
export const schema = section({
  host: text({
    description: 'Address to listen on; 0.0.0.0 for all.',
    default: '127.0.0.1',
    flag: 'host',
    pattern: /^\S+$/,
    allowed: 'an address or a host name',
  }),
  port: integer({ description: 'Port of gRPC; 0: any free one.', default: 50_051, max: 65_535, flag: 'port' }),
  httpPort: integer({
    description: 'Port of Connect, gRPC-Web, JSON, the console, metrics and health; 0: any free one.',
    default: 8_080,
    max: 65_535,
    flag: 'http-port',
  }),
  dataFolder: text({
    description: 'Folder of the journal and all else that is kept.',
    default: './data/palate',
    flag: 'data',
    pattern: /\S/,
    allowed: 'a folder',
  }),
  roles: choices(roles, {
    description: 'Services that this process runs itself; edge: none, it passes all calls on to its peers.',
    default: allRoles,
    flag: 'roles',
  }),
  rpc,
  journal,
  ingest,
  recommendation,
  scoring,
  storage,
  access,
  tls,
  peers,
  client,
  log,
  metrics,
}).superRefine((config, context) => {
  const fail = (path: readonly string[], message: string) =>
    context.addIssue({ code: 'custom', path: [...path], message, params: { relation: true } });
  if (config.port !== 0 && config.port === config.httpPort) {
    fail(['httpPort'], 'it must differ from port');
  }
  if (config.rpc.defaultTimeoutMillis > config.rpc.maxTimeoutMillis) {
    fail(['rpc', 'defaultTimeout'], 'it must not exceed rpc.maxTimeout');
  }
  checkMessageSizes(config, fail);
  const { maxAgeMillis, maxBytes } = config.journal.retention;
  if ((maxAgeMillis !== undefined || maxBytes > 0) && config.recommendation.snapshots.everyEvents === 0) {
    fail(['journal', 'retention'], 'it needs snapshots: recommendation.snapshots.everyEvents must not be 0');
  }
  for (const [path, message] of storageProblems(config.storage)) fail(path, message);
  checkAccess(config.access, fail);
  checkTls(config, fail);
  if (config.roles.includes('scoring') && !config.roles.includes('ingest') && config.journal.follow === '') {
    fail(
      ['roles'],
      'scoring has to publish its scores: run ingest in the same process, or name an owner by journal.follow',
    );
  }
  if (config.roles.includes('edge') && (config.roles.length > 1 || config.peers.addresses.length === 0)) {
    fail(['roles'], 'edge stands alone, and needs the processes that it passes calls on to: peers.addresses');
  }
  if (config.journal.follow !== '' && config.journal.follow === `${config.host}:${config.port}`) {
    fail(['journal', 'follow'], 'it must not be the address of this process itself: give one of the two another port');
  }
  if (config.journal.follow !== '' && config.roles.includes('ingest')) {
    fail(
      ['roles'],
      'a process that follows (journal.follow) has no journal to write: leave ingest out, as in recommendation',
    );
  }
});

/** The typed, deeply frozen configuration: what everything else reads. */
export type Config = z.output<typeof schema>;
