/**
 * A process of its own that runs the shipped model on some images and prints what it said as one line of JSON:
 * `node food-outputs.ts PROVIDER IMAGES [exit]`. With `exit` it ends in the middle of a run instead.
 */

import { LoadedModel } from '../../../src/scoring/models/loaded-model.ts';
import { readManifest } from '../../../src/scoring/models/manifest.ts';
import type { Provider } from '../../../src/scoring/providers/model-instance.ts';
import { foodFolder } from '../models/model-folder.ts';
import { keptLog } from '../models/toy-model.ts';

/** What the process prints. */
export interface FoodOutputs {
  readonly provider: Provider;
  readonly warnings: readonly object[];
  readonly outputs: readonly { labels: number[]; food: number; embedding: number[]; energy: number }[];
}

/** An image with coarse and fine structure; each seed gives another. */
export function testImage(seed: number): Uint8Array {
  const pixels = new Uint8Array(224 * 224 * 3);
  for (let at = 0; at < pixels.length; at++) {
    const [x, y] = [Math.floor(at / 3) % 224, Math.floor(at / 672)];
    const wave = Math.sin((x * (1 + (at % 3)) + y * seed) / 23) + Math.cos((y - x) / (5 + seed));
    pixels[at] = 128 + 50 * wave + ((Math.imul(at + seed, 2654435761) >>> 27) - 16);
  }
  return pixels;
}

async function main([provider, images, then]: readonly string[]): Promise<void> {
  const { log, lines } = keptLog();
  const limits = { runTimeoutMillis: 120_000, startTimeoutMillis: 240_000 };
  const options = { provider: provider as Provider, instances: 1, maxBatchImages: 2, ...limits, log };
  const model = await LoadedModel.start(readManifest(foodFolder), options);
  const runs = Array.from({ length: Number(images) }, (_, seed) =>
    model.infer(testImage(seed), { deadlineMillis: Number.POSITIVE_INFINITY }),
  );
  if (then === 'exit') setTimeout(() => process.exit(3), 15);
  const outputs = (await Promise.all(runs)).map(({ output: { labels, food, embedding, energy } }) => {
    return { labels: [...labels], food, embedding: [...embedding], energy };
  });
  const warnings = lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields);
  await model.stop();
  process.stdout.write(JSON.stringify({ provider: model.provider, warnings, outputs } satisfies FoodOutputs));
}

if (import.meta.main) await main(process.argv.slice(2));
