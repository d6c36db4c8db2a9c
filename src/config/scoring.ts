/** The scorer's keys: its models, what it takes in, what it may reach, what it keeps. */
import { boolean, choice, duration, integer, section, size, text, texts } from './settings.ts';
import { connectionKeys } from './tls.ts';

const remote = section({
  addresses: texts({
    description:
      'Servers of the Open Inference Protocol (Palate, Triton) that run the models, host:port each; for provider remote.',
    default: [],
    pattern: /^\S+:\d{1,5}$/,
    allowed: 'a list of host:port',
  }),
  transport: choice(['stream', 'unary'], {
    description: 'How batches travel: on streams that stay open, or as a call each.',
    default: 'stream',
  }),
  maxBatches: integer({
    description: 'Batches under way to one server at a time, so at most that many times maxBatchImages images.',
    default: 4,
    min: 1,
    max: 64,
  }),
  hedgePercent: integer({
    description: 'Batches that may be sent to a second server because the first takes unusually long, of all; 0: none.',
    default: 5,
    max: 50,
  }),
  ...connectionKeys(false),
});

const models = section({
  folders: texts({
    description:
      'Folders of models, each with a model.yaml, or a pipeline.yaml; the first answers where no model is asked for. Empty: the one that ships.',
    default: [],
    pattern: /\S/,
    allowed: 'a list of folders',
  }),
  repository: text({
    description:
      'A folder of further models, each in a folder named like it, that may be loaded while serving; empty: none.',
    default: '',
  }),
  control: choice(['auto', 'allow', 'deny'], {
    description:
      'Whether callers may load and unload models; auto: where the host is an address of this machine alone.',
    default: 'auto',
  }),
  provider: choice(['cpu', 'webgpu', 'cuda', 'remote'], {
    description:
      'What models run on; remote: the servers of models.remote. A GPU that cannot be had: cpu, and the log says so.',
    default: 'cpu',
  }),
  remote,
  instances: integer({
    description: 'Copies of a model that run side by side, a thread each; 0: one for each core, at most 2; on a GPU 1.',
    default: 0,
    max: 64,
  }),
  maxBatchImages: integer({
    description: 'Images in one batch; 0: 4 on cpu, where more is not faster, what a remote likes best, 32 elsewhere.',
    default: 0,
    max: 256,
  }),
  maxQueuedImages: integer({
    description: 'Images that wait for a model; beyond it a photo is OVERLOADED.',
    default: 256,
    min: 1,
    max: 100_000,
  }),
  runTimeout: duration({
    description: 'A batch that runs longer is given up, and its thread, or the connection to a remote, is replaced.',
    default: '10s',
    min: '10ms',
    max: '1h',
  }),
});

const images = section({
  maxBytes: size({
    description: 'Largest photo; a larger one is TOO_LARGE.',
    default: '16MiB',
    min: '1KiB',
    max: '256MiB',
  }),
  maxPixels: integer({
    description: 'Largest photo in pixels, width times height; a larger one is TOO_LARGE.',
    default: 50_000_000,
    min: 1_000,
    max: 1_000_000_000,
  }),
  decodeTimeout: duration({ description: 'How long decoding a photo may take.', default: '10s', min: '1s', max: '1h' }),
  maxUnderWay: integer({
    description: 'Requests under way at a time, those that share a photo included; beyond it one is OVERLOADED.',
    default: 2_000,
    min: 1,
    max: 100_000,
  }),
  maxUnderWayBytes: size({
    description: 'Bytes of the photos under way.',
    default: '256MiB',
    min: '1MiB',
    max: '64GiB',
  }),
  keep: boolean({ description: 'Whether scored photos are kept in the data folder, under objects.', default: true }),
});

const fetch = section({
  allowHttp: boolean({ description: 'Photos from plain http addresses too.', default: false }),
  allowedHosts: texts({
    description: 'Hosts, addresses or networks (CIDR) that may be reached although they are not public.',
    default: [],
    pattern: /^\S+$/,
    allowed: 'a list of hosts, addresses or networks such as 10.1.0.0/16',
  }),
  refusedHosts: texts({
    description: 'Hosts, addresses or networks that are never reached.',
    default: [],
    pattern: /^\S+$/,
    allowed: 'a list of hosts, addresses or networks',
  }),
  allowedPorts: texts({
    description: 'Ports beside 443, and 80 with allowHttp.',
    default: [],
    pattern: /^\d{1,5}$/,
    allowed: 'a list of ports',
  }),
  allowPublic: boolean({ description: 'false: allowedHosts and nothing else.', default: true }),
  timeout: duration({
    description: 'How long getting a photo from its address may take, redirects included.',
    default: '15s',
    min: '10ms',
    max: '1h',
  }),
  maxConnections: integer({ description: 'Connections to such hosts at a time.', default: 64, min: 1, max: 10_000 }),
});

const tips = section({
  file: text({
    description: 'Rules for tips; empty: tips.yaml beside the first model, where there is one.',
    default: '',
  }),
});

export const scoring = section({
  models,
  images,
  fetch,
  tips,
  maxPendingEvents: integer({
    description: 'Scores that wait for the journal; beyond it a photo is OVERLOADED.',
    default: 2_000,
    min: 1,
    max: 1_000_000,
  }),
});
