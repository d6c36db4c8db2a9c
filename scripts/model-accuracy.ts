/**
 * What a model says of labelled photos, by the way that the server takes: decoding, batching, a thread with ONNX Runtime.
 *
 *     node scripts/model-accuracy.ts PHOTOS LABELS.txt [--model FOLDER] [--provider cpu] [--instances 2]
 *
 * LABELS.txt has a line `path, class, …` for each photo in the folder PHOTOS; the class is a row of the model's classes.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { silentLog } from '../src/rpc/log.ts';
import { Decoder } from '../src/scoring/decoding/decoder.ts';
import { LoadedModel } from '../src/scoring/models/loaded-model.ts';
import { readManifest } from '../src/scoring/models/manifest.ts';
import { type LocalProvider, providers } from '../src/scoring/providers/model-instance.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string' }, provider: { type: 'string' }, instances: { type: 'string' } },
});
const [photos, listing] = positionals;
const provider = providers.find((known): known is LocalProvider => known === (values.provider ?? 'cpu'));
if (photos === undefined || listing === undefined || provider === undefined) {
  throw new Error('usage: node scripts/model-accuracy.ts PHOTOS LABELS.txt [--model FOLDER] [--provider cpu]');
}

const folder = values.model ?? fileURLToPath(new URL('../models/food', import.meta.url));
const instances = values.instances === undefined ? {} : { instances: Number(values.instances) };
const model = await LoadedModel.start(readManifest(folder), { provider, ...instances, log: silentLog });
const decoder = new Decoder();
const rows = (await readFile(listing, 'utf8')).trim().split('\n');
const deadlineMillis = Number.POSITIVE_INFINITY;

/** The best of the labels, without those that stand for no food. */
function best(labels: Float32Array): number {
  let at = -1;
  for (const [index, { kind }] of model.classes.entries()) {
    if (kind !== 'other' && (at < 0 || labels[index]! > labels[at]!)) at = index;
  }
  return at;
}

const begun = performance.now();
const cpu = process.cpuUsage();
let decodeMicros = 0;
let right = 0;
let refused = 0;
let next = 0;

async function scoreInTurn(folderOfPhotos: string): Promise<void> {
  for (let row = rows[next++]; row !== undefined; row = rows[next++]) {
    const [path = '', label] = row.split(',').map((cell) => cell.trim());
    const decoded = await decoder.decode(await readFile(join(folderOfPhotos, path)), model.manifest.input, {
      deadlineMillis,
    });
    const { output } = await model.infer(decoded.pixels, { deadlineMillis });
    decodeMicros += decoded.decodeMicros;
    if (best(output.labels) === Number(label)) right++;
    if (output.food < model.foodThreshold) refused++;
  }
}

await Promise.all(Array.from({ length: 8 }, () => scoreInTurn(photos)));
const { user, system } = process.cpuUsage(cpu);
const percent = (count: number) => `${((100 * count) / rows.length).toFixed(1)} %`;
console.log(`model      ${model.name} ${model.version} on ${model.provider}, sha256 ${model.sha256}`);
console.log(`right      ${right} of ${rows.length} (${percent(right)})`);
console.log(`refused    ${refused} (${percent(refused)}) as no food`);
console.log(`CPU time   ${((user + system) / 1e3 / rows.length).toFixed(2)} ms an image, all of it`);
console.log(`decoding   ${(decodeMicros / 1e3 / rows.length).toFixed(2)} ms an image, by the clock`);
console.log(`rate       ${((rows.length / (performance.now() - begun)) * 1e3).toFixed(1)} images/s`);
for (const { name, batches, images, perImageMillis, perBatchMillis } of model.instances) {
  const cost = `${perImageMillis.toFixed(2)} ms an image + ${perBatchMillis.toFixed(2)} ms a batch`;
  console.log(`instance   ${name}: ${images} images in ${batches} batches, ${cost}`);
}
await model.stop();
