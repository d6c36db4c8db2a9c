/** A thread that owns one session of ONNX Runtime: its `run` blocks whatever thread calls it. */
import { setPriority } from 'node:os';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { PalateError } from '../../errors.ts';
import { serveRequests } from '../../threads/serve-requests.ts';
import { throughGate } from './native-gate.ts';
import type { LoadAnswer, LoadRequest, RunRequest } from './onnx-messages.ts';
import { openSession } from './onnx-session.ts';

interface Loaded {
  readonly session: InferenceSession;
  readonly request: LoadRequest;
  readonly pixels: Uint8Array;
  readonly values: Float32Array;
}

let loaded: Loaded | undefined;

async function load(request: LoadRequest): Promise<LoadAnswer> {
  const { pixels, values, gate } = request;
  const { session, ...answer } = await natively(gate, () => openSession(request));
  loaded = { session, request, pixels: new Uint8Array(pixels), values: new Float32Array(values) };
  return answer;
}

async function run({ images }: RunRequest): Promise<void> {
  // A thread that took the place of one that died.
  if (loaded === undefined) throw new PalateError('WORKER_LOST', 'the thread has no model');
  const { session, request, pixels, values } = loaded;
  const { name, size } = request.input;
  const input = new Tensor('uint8', pixels.subarray(0, images * size * size * 3), [images, size, size, 3]);
  const names = request.outputs.map((output) => output.name);
  const answers = await natively(request.gate, () => session.run({ [name]: input }, names));
  const stride = request.outputs.reduce((sum, { length }) => sum + length, 0);
  let offset = 0;
  for (const { name, length } of request.outputs) {
    const answer = answers[name]!.data as Float32Array;
    if (answer.length !== images * length) throw wrongLength(name, answer.length, images * length);
    for (let image = 0; image < images; image++) {
      values.set(answer.subarray(image * length, (image + 1) * length), image * stride + offset);
    }
    offset += length;
  }
}

async function natively<Result>(gate: SharedArrayBuffer, call: () => Promise<Result>): Promise<Result> {
  const passed = await throughGate(gate, call);
  if (passed === undefined) throw new PalateError('SHUTTING_DOWN', 'the model is stopping');
  return passed.result;
}

function wrongLength(output: string, found: number, expected: number): PalateError {
  return new PalateError('MODEL_INVALID', `output ${output} has ${found} values instead of ${expected}`);
}

/** Of `nice`: where cores are short, the thread that answers calls goes before those that infer. */
const priority = 5;

// On Linux this is the priority of the calling thread; elsewhere it would be that of the whole process.
if (process.platform === 'linux') setPriority(0, priority);
serveRequests({ load, run });
