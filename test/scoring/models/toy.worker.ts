/**
 * A thread that stands in for one with ONNX Runtime, to go wrong when it is told to. The model's labels are the first two
 * values of an image; the first one may also be an order. Weights `says 7` make the second one 7 whatever the image is, `sees 7`
 * make them 0.07 and 0.93. With `fails` it can't run.
 */
import { existsSync, rmSync } from 'node:fs';
import { PalateError } from '../../../src/errors.ts';
import type { LoadAnswer, LoadRequest, RunRequest } from '../../../src/scoring/providers/onnx-messages.ts';
import { serveRequests } from '../../../src/threads/serve-requests.ts';
import { orders } from './toy-orders.ts';

let loaded: LoadRequest | undefined;
let says: number | undefined;
let sees: number | undefined;
let fails = false;

function load(request: LoadRequest): LoadAnswer {
  const text = Buffer.from(request.weights).toString();
  if (text.startsWith('broken')) throw new PalateError('MODEL_INVALID', 'the graph has no input image');
  // Weights may name a file: as long as it is there, no thread can start.
  if (existsSync(text)) throw new PalateError('INTERNAL', 'no memory');
  loaded = request;
  says = numberAfter('says', text);
  sees = numberAfter('sees', text);
  fails = text.startsWith('fails');
  const isRefused = request.provider !== 'cpu';
  return { provider: 'cpu', refusal: isRefused ? `no ${request.provider} here` : undefined };
}

async function run({ images }: RunRequest): Promise<void> {
  if (fails) throw new PalateError('INTERNAL', 'a tensor is missing');
  if (loaded === undefined) throw new PalateError('WORKER_LOST', 'the thread has no model');
  const pixels = new Uint8Array(loaded.pixels);
  const values = new Float32Array(loaded.values);
  const bytes = loaded.input.size ** 2 * 3;
  for (let image = 0; image < images; image++) {
    const [first = 0, second = 0] = pixels.subarray(image * bytes);
    if (first === orders.exit) process.exit(7);
    if (first === orders.hang) await new Promise(() => undefined);
    if (first === orders.fail) throw new PalateError('INTERNAL', 'a tensor is missing');
    if (first === orders.exitOnce && existsSync(loaded.input.name)) {
      rmSync(loaded.input.name);
      process.exit(7);
    }
    values.set(sees === undefined ? [first, says ?? second] : [sees / 100, 1 - sees / 100], image * 2);
  }
}

function numberAfter(word: string, text: string): number | undefined {
  const [, number] = new RegExp(`^${word} (\\d+)`).exec(text) ?? [];
  return number === undefined ? undefined : Number(number);
}

serveRequests({ load, run });
