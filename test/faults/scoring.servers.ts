/** Photos that nobody should send, and too many at once: each gets its answer, and the server holds no more than before. */

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { ScoreResponse } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { sharp } from '../../src/scoring/decoding/image-library.ts';
import { call, connect } from '../interop/plain-client.ts';
import { rawPng } from '../scoring/decoding/images.ts';
import { newPhoto, truncatedPhoto } from '../scoring/photos.ts';
import { eventually, servePalate } from '../servers/palate-process.ts';
import { heldBy } from './process-figures.ts';
import { assertHelps, assertRefused } from './refusals.ts';
import { imagesRun, scoreBytes } from './scored.ts';

const mebibyte = 1024 * 1024;

const server = await servePalate({ after }, { args: ['--roles', 'ingest,recommendation,scoring'] });
const pid = server.process.pid!;
const client = connect({ after }, server.grpc, { 'grpc.max_send_message_length': -1 });
await Promise.all(Array.from({ length: 20 }, () => scoreBytes(client, newPhoto())));
const before = heldBy(pid);

function assertRejected({ score, rejection, labels, tip }: ScoreResponse, reason: string): void {
  assert.deepEqual([rejection?.reason, score, labels, tip], [reason, undefined, [], '']);
  assertHelps(rejection!.message);
}

function assertBanana({ score, labels, rejection }: ScoreResponse): void {
  assert.equal(labels[0]?.name, 'Banana', rejection?.message);
  assert.ok(score! > 4);
}

test('1,000 concurrent requests with one identical image are one inference', async () => {
  const photo = newPhoto();
  const ranBefore = await imagesRun(client);
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) => scoreBytes(client, photo, { userId: `user ${index % 10}` })),
  );
  assert.equal((await imagesRun(client)) - ranBefore, 1);
  assert.equal(new Set(answers.map(({ imageId, score }) => `${imageId} ${score}`)).size, 1);
  assert.equal(answers.filter(({ deduplicated }) => !deduplicated).length, 1);
  for (const answer of answers) assertBanana(answer);
});

describe('a photo that cannot be scored is an answer that says why, the second time too', () => {
  const text = (content: string) => Buffer.from(content, 'latin1');
  const cases: Record<string, readonly [string, () => Uint8Array | Promise<Uint8Array>]> = {
    'of no bytes': ['UNREADABLE', () => new Uint8Array(0)],
    'cut off in the middle': ['UNREADABLE', truncatedPhoto],
    'cut off in its header': ['UNREADABLE', () => newPhoto().subarray(0, 20)],
    'that is a web page': ['UNREADABLE', () => text('<!doctype html><title>Lunch</title>')],
    'that is an SVG': ['UNREADABLE', () => text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    'that is a PDF': ['UNREADABLE', () => text('%PDF-1.7\n1 0 obj\n')],
    'that is a ZIP': ['UNREADABLE', () => text('PK\x03\x04\x14\0\0\0')],
    'that says PNG and is a JPEG from then on': [
      'UNREADABLE',
      () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), newPhoto()]),
    ],
    'of 20,000 × 20,000': ['TOO_LARGE', () => rawPng(20_000, 20_000, Buffer.alloc(64))],
    'of 20,000 × 20,000, whole': ['TOO_LARGE', hugePng],
    'of 17 MiB': ['TOO_LARGE', () => Buffer.concat([newPhoto(), Buffer.alloc(17 * mebibyte)])],
  };
  for (const [name, [reason, make]] of Object.entries(cases)) {
    test(name, async () => {
      const photo = await make();
      const ran = await imagesRun(client);
      const answers = [await scoreBytes(client, photo), await scoreBytes(client, photo)];
      for (const answer of answers) assertRejected(answer, reason);
      assert.equal(answers[0]!.imageId, answers[1]!.imageId);
      assert.equal(await imagesRun(client), ran);
    });
  }
});

test('a photo of 50 MB does not fit a message, and its sender is told', async () => {
  await assert.rejects(scoreBytes(client, new Uint8Array(50_000_000)), (error) => {
    assertRefused(error, 'MESSAGE_TOO_LARGE');
    return true;
  });
});

describe('a photo out of the ordinary is scored as what it shows', () => {
  const cases: Record<string, () => Promise<Uint8Array>> = {
    'in CMYK': () => sharp(newPhoto()).toColourspace('cmyk').jpeg().toBuffer(),
    'turned, and its EXIF says so': () =>
      sharp(newPhoto()).rotate(90).withMetadata({ orientation: 8 }).jpeg().toBuffer(),
    'upside down, and its EXIF says so': () =>
      sharp(newPhoto()).rotate(180).withMetadata({ orientation: 3 }).jpeg().toBuffer(),
    'animated, as GIF': () => animated('gif'),
    'animated, as WebP': () => animated('webp'),
    progressive: () => sharp(newPhoto()).jpeg({ progressive: true }).toBuffer(),
    'with 16 bits a channel': () => sharp(newPhoto()).toColourspace('rgb16').png().toBuffer(),
    'as AVIF': () => sharp(newPhoto()).avif({ effort: 0 }).toBuffer(),
    'as TIFF': () => sharp(newPhoto()).tiff().toBuffer(),
  };
  for (const [name, make] of Object.entries(cases)) {
    test(name, async () => assertBanana(await scoreBytes(client, await make())));
  }
});

test('a caller with no time left is told so, and photos beyond the bound are refused at once', async () => {
  const late = scoreBytes(client, newPhoto(), {}, { deadline: Date.now() + 1 });
  await assert.rejects(late, { code: 4 });
  const outcomes = await Promise.allSettled(Array.from({ length: 2_000 }, () => scoreBytes(client, newPhoto())));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  for (const error of refused) {
    const { retryMillis } = assertRefused(error, 'OVERLOADED');
    assert.ok(retryMillis! > 0 && retryMillis! <= 30_000);
  }
  assert.ok(refused.length > 0 && refused.length < 2_000, `${refused.length} of 2,000 were refused`);
});

test('after all that the server is as it was', async () => {
  assertBanana(await scoreBytes(client, newPhoto()));
  await eventually('no file is held that was not before', () => heldBy(pid).handles <= before.handles);
  const { residentMebibytes } = heldBy(pid);
  assert.ok(residentMebibytes < before.residentMebibytes + 400, `${residentMebibytes} MiB resident`);
  const { models } = await call(client, ScoringService.method.listModels, {});
  assert.ok(models[0]!.instances.length > 0);
  assert.deepEqual(server.complaints, []);
  assert.equal(await server.stop(), 0);
});

/** Black, and a megabyte or less. */
function hugePng(): Promise<Uint8Array> {
  const huge = { width: 20_000, height: 20_000, channels: 3, background: '#000' } as const;
  return sharp({ create: huge, limitInputPixels: false }).png({ compressionLevel: 1 }).toBuffer();
}

/** The photo, then black. */
async function animated(format: 'gif' | 'webp'): Promise<Uint8Array> {
  const { data, info } = await sharp(newPhoto()).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const frames = Buffer.concat([data, Buffer.alloc(data.length)]);
  return sharp(frames, { raw: { width, height: 2 * height, channels: 3, pageHeight: height } })
    [format]()
    .toBuffer();
}
