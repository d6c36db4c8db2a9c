/** The keys of what the scorer keeps: photos in a folder or in S3, what is known of them in a folder or in Redis. */
import type * as z from 'zod';
import { boolean, choice, duration, hidden, integer, secret, section, text } from './settings.ts';

const objects = section({
  kind: choice(['disk', 's3'], {
    description: 'Where photos are kept. disk: in the data folder, under objects. s3: in a bucket, as storage.s3 says.',
    default: 'disk',
  }),
});

const s3 = section({
  bucket: text({
    description: 'The bucket; servers of one journal share it, those of another need another bucket or prefix.',
    default: '',
    pattern: /^$|^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    allowed: 'the name of a bucket: 3 to 63 of a-z, 0-9, "." and "-"',
  }),
  prefix: text({
    description: 'Stands before every key in the bucket; empty: nothing does.',
    default: '',
    pattern: /^$|^[^/\s]+(\/[^/\s]+)*$/,
    allowed: 'a path such as palate/photos, without a slash at its ends',
  }),
  endpoint: text({
    description: "Address of a server other than AWS's own; empty: AWS in the region.",
    default: '',
    pattern: /^$|^https?:\/\/[^\s/@]+\/?$/,
    allowed: 'an address such as https://s3.example.com:9000',
  }),
  region: text({
    description: 'The region of the bucket.',
    default: 'us-east-1',
    pattern: /^[A-Za-z0-9-]+$/,
    allowed: 'a region such as eu-central-1',
  }),
  pathStyle: boolean({
    description: 'The bucket is named in the path of an address, not in its host. Most servers but AWS want it so.',
    default: false,
  }),
  createBucket: boolean({ description: 'Whether the bucket is made where there is none.', default: false }),
  accessKeyId: text({
    description: 'Together with secretAccessKey; empty: credentials from where the AWS SDK looks for them.',
    default: '',
  }),
  secretAccessKey: secret({ description: 'Belongs to accessKeyId.', default: '' }),
  timeout: duration({
    description: 'For one call with its retries; a second more for each MiB that it moves.',
    default: '10s',
    min: '100ms',
    max: '10m',
  }),
  maxAttempts: integer({ description: 'Tries of one call.', default: 3, min: 1, max: 20 }),
  maxConnections: integer({
    description: 'Connections at a time; more calls wait for one.',
    default: 32,
    min: 1,
    max: 1_000,
  }),
});

const records = section({
  kind: choice(['lmdb', 'redis'], {
    description:
      'Where it is kept what is known of photos. lmdb: in the data folder, under scores. redis: as storage.redis says; ' +
      'several scorers of one journal then share it, and compute a photo that all of them get once.',
    default: 'lmdb',
  }),
});

const redis = section({
  url: secret({
    description: 'redis://[[user]:password@]host[:port][/database]; rediss:// for TLS.',
    default: '',
    pattern: /^$|^rediss?:\/\/\S+$/,
    allowed: 'an address such as rediss://user:password@redis.example.com:6379/0',
    hide: withoutPassword,
  }),
  prefix: text({
    description: 'Begins every key; servers of one journal share one, those of another need another.',
    default: 'palate',
    pattern: /^[^\s{}]{1,100}$/,
    allowed: 'a text of up to 100 characters without spaces and braces',
  }),
  timeout: duration({ description: 'For one command.', default: '2s', min: '10ms', max: '1m' }),
  answer: duration({
    description: 'A photo on its way waits no longer for Redis, and goes on without.',
    default: '50ms',
    min: '1ms',
    max: '10s',
  }),
  rest: duration({
    description: 'Once Redis did not answer, photos do not ask it again for so long.',
    default: '1s',
    min: '10ms',
    max: '5m',
  }),
  hold: duration({
    description: 'A scorer that died holds the photos it was computing for so long at most.',
    default: '1500ms',
    min: '100ms',
    max: '1m',
  }),
  wait: duration({
    description: 'A photo that another scorer is computing is waited for so long at most, then computed here too.',
    default: '3s',
    min: '100ms',
    max: '5m',
  }),
});

/** `redis://user:password@host` without its password; nothing of what is no such address. */
function withoutPassword(url: string): string {
  if (/^rediss?:\/\/[^@]*$/.test(url)) return url;
  const [, before, host] = /^(rediss?:\/\/[^:@]*:).*(@[^@]*)$/.exec(url) ?? [];
  return before === undefined ? hidden : `${before}${hidden}${host}`;
}

export const storage = section({ objects, s3, records, redis });

/** What does not go together: where, and why. */
export function storageProblems({ objects, s3, records, redis }: z.output<typeof storage>): [string[], string][] {
  const problems: [string[], string][] = [];
  const fail = (path: readonly string[], message: string) => problems.push([['storage', ...path], message]);
  if (objects.kind === 's3' && s3.bucket === '') fail(['s3', 'bucket'], 'storage.objects.kind s3 needs it');
  if ((s3.accessKeyId === '') !== (s3.secretAccessKey === '')) {
    const missing = s3.accessKeyId === '' ? 'accessKeyId' : 'secretAccessKey';
    fail(['s3', missing], 'accessKeyId and secretAccessKey go together');
  }
  if (records.kind === 'redis' && redis.url === '') fail(['redis', 'url'], 'storage.records.kind redis needs it');
  if (redis.url !== '' && !URL.canParse(redis.url)) fail(['redis', 'url'], 'it must be an address');
  if (redis.answerMillis > redis.timeoutMillis) fail(['redis', 'answer'], 'it must not exceed storage.redis.timeout');
  if (redis.holdMillis >= redis.waitMillis) {
    fail(
      ['redis', 'hold'],
      'it must be less than storage.redis.wait, so that the photo of a scorer that died is taken over',
    );
  }
  return problems;
}
