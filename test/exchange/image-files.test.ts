import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isImageName, listImageFiles, readImageFile } from '../../src/exchange/image-files.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-images-'));
  await mkdir(join(folder, 'album/inner.jpg'), { recursive: true });
  for (const name of ['album/b.png', 'album/A.JPG', 'album/notes.txt', 'album/.c.jpg', 'album/d.jpg.part', 'any name'])
    await writeFile(join(folder, name), name);
});

after(() => rm(folder, { recursive: true }));

test('a folder stands for the photos in it, by name; a file for itself, whatever its name', async () => {
  const found = await listImageFiles([join(folder, 'any name'), join(folder, 'album')]);
  assert.deepEqual(
    found,
    ['any name', 'album/A.JPG', 'album/b.png'].map((name) => join(folder, name)),
  );
});

test('a path that is not there is named', async () => {
  const path = join(folder, 'none');
  const expected = { reason: 'INPUT_UNREADABLE', message: `${path} cannot be read` };
  await assert.rejects(listImageFiles([path]), expected);
  await assert.rejects(readImageFile(path), expected);
});

test('photos are known by their endings, in either case', () => {
  for (const name of ['a.jpg', 'a.JPEG', 'a.b.webp', 'a.avif', 'a.tif']) assert.ok(isImageName(name), name);
  for (const name of ['jpg', '.jpg', '.a.jpg', 'a.jpg~', 'a.mp4', '']) assert.ok(!isImageName(name), name);
});
