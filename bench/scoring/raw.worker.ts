/**
 * The bare loop: decode a photo, run ONNX Runtime, again. The same session, decoding and number of threads as the server has
 * (`src/scoring`), and nothing else: no queue, no copy, no judgement.
 */

import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { decodeImage } from '../../src/scoring/decoding/decode.ts';
import type { ModelManifest } from '../../src/scoring/models/manifest.ts';
import { createGate } from '../../src/scoring/providers/native-gate.ts';
import { openSession } from '../../src/scoring/providers/onnx-session.ts';

export interface RawThread {
  readonly manifest: ModelManifest;
  readonly jpegs: readonly Uint8Array[];
}

export interface RawOrder {
  readonly seconds: number;
  readonly batchImages: number;
  /** The photos are decoded already: the first such order does it. Default: each is decoded in its turn. */
  readonly isDecoded?: boolean;
}

const { manifest, jpegs } = workerData as RawThread;
const { input, outputs } = manifest;
const imageBytes = input.size ** 2 * 3;
const names = outputs.map(({ name }) => name);
let next = 0;
let decoded: readonly Uint8Array[] = [];

async function pixelsOf(jpeg: Uint8Array): Promise<Uint8Array> {
  return (await decodeImage(jpeg, input)).pixels;
}

async function runBatch(session: InferenceSession, images: number, isDecoded = false): Promise<void> {
  const pixels = new Uint8Array(images * imageBytes);
  const fill = async (index: number): Promise<void> => {
    const number = next++ % jpegs.length;
    pixels.set(isDecoded ? decoded[number]! : await pixelsOf(jpegs[number]!), index * imageBytes);
  };
  await Promise.all(Array.from({ length: images }, (_, index) => fill(index)));
  const tensor = new Tensor('uint8', pixels, [images, input.size, input.size, 3]);
  await session.run({ [input.name]: tensor }, names);
}

const { session } = await openSession({
  weights: readFileSync(manifest.file),
  provider: 'cpu',
  input,
  outputs,
  pixels: new SharedArrayBuffer(0),
  values: new SharedArrayBuffer(0),
  gate: createGate(),
});
for (const images of [4, 1]) await runBatch(session, images);

parentPort?.on('message', async ({ seconds, batchImages, isDecoded = false }: RawOrder) => {
  if (isDecoded && decoded.length === 0) decoded = await Promise.all(jpegs.map(pixelsOf));
  const endsAt = performance.now() + seconds * 1_000;
  let images = 0;
  for (; performance.now() < endsAt; images += batchImages) await runBatch(session, batchImages, isDecoded);
  parentPort?.postMessage(images);
});
parentPort?.postMessage(0);
