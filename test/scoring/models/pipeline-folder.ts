/** Pipelines of tiny models, in a folder of their own. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharp } from '../../../src/scoring/decoding/image-library.ts';
import { writeTinyGate, writeTinyModel } from '../../interop/tiny-onnx.ts';

/** Writes `folder/name/pipeline.yaml`. */
export async function writePipeline(folder: string, name: string, steps: string, version = 1): Promise<string> {
  const home = join(folder, name);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'pipeline.yaml'), `name: ${name}\nversion: ${version}\nsteps:\n${steps}`);
  return home;
}

/** The steps of a gate, which wants red images, and a scorer. */
export const gateAndScorer = `  - { name: gate, model: red-gate }
  - model: scorer
    when: gate.labels["Red"] >= 0.5
    otherwise: NOT_FOOD
`;

/**
 * Writes `red-gate`, which sees "Red" or "Grey", `scorer` in versions 1 (which sees Apple) and 2 (Pear), and `meals`, the
 * pipeline of both. Returns their folders, the pipeline's first.
 */
export async function redMeals(folder: string, gateSize = 16): Promise<readonly string[]> {
  const gate = { names: ['Red', 'Grey'], first: { always: 0, red: 1 }, size: gateSize } as const;
  const models = [await writeTinyGate(folder, 'red-gate', gate), await writeTinyModel(folder, 'scorer', [1, 2])];
  return [await writePipeline(folder, 'meals', gateAndScorer), ...models];
}

let photos = 0;

/** A PNG of about this red, unlike all others. */
export function redPhoto(red: number): Promise<Buffer> {
  photos += 1;
  const background = { r: red, g: photos % 256, b: photos >> 8 };
  return sharp({ create: { width: 20, height: 20, channels: 3, background } })
    .png()
    .toBuffer();
}
