/** ONNX Runtime, as a worker thread uses it. */
import { constants } from 'node:os';
import { env, InferenceSession } from 'onnxruntime-node';
import { PalateError } from '../../errors.ts';
import type { LocalProvider } from './model-instance.ts';
import type { LoadAnswer, LoadRequest } from './onnx-messages.ts';

// What goes wrong comes as an error. Without this, ONNX Runtime also writes it to the process's standard error.
env.logLevel = 'fatal';

/** Makes a session on the provider that was asked for, or, where it can't be had, on the CPU. */
export async function openSession(request: LoadRequest): Promise<LoadAnswer & { session: InferenceSession }> {
  const { weights, provider } = request;
  let refusal: string | undefined;
  let session: InferenceSession | undefined;
  if (provider !== 'cpu') {
    try {
      requireVulkan(provider);
      session = await create(weights, provider);
    } catch (error) {
      refusal = (error as Error).message;
    }
  }
  session ??= await createOnCpu(weights);
  checkGraph(session, request);
  return { session, provider: refusal === undefined ? provider : 'cpu', refusal };
}

function create(weights: Uint8Array, provider: LocalProvider): Promise<InferenceSession> {
  return InferenceSession.create(weights, {
    executionProviders: [provider],
    // One thread each: instances side by side do more than threads in one run.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
  });
}

async function createOnCpu(weights: Uint8Array): Promise<InferenceSession> {
  try {
    return await create(weights, 'cpu');
  } catch (error) {
    throw new PalateError('MODEL_INVALID', `ONNX Runtime can't load it: ${(error as Error).message}`, { cause: error });
  }
}

/** Without the loader of Vulkan the provider would print that it is missing, before it says that there is no adapter. */
function requireVulkan(provider: LocalProvider): void {
  if (provider !== 'webgpu' || process.platform !== 'linux') return;
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1', constants.dlopen.RTLD_LAZY);
  } catch (error) {
    // Found, it is refused all the same: it is no module of Node.
    if (/libvulkan\.so\.1: cannot open/.test((error as Error).message)) throw error;
  }
}

/** The graph has to have what `model.yaml` says. */
function checkGraph(session: InferenceSession, { input, outputs }: LoadRequest): void {
  const inputs = new Map(session.inputMetadata.map((metadata) => [metadata.name, metadata]));
  checkTensor(inputs.get(input.name), `input ${input.name}`, 'uint8', [input.size, input.size, 3]);
  const others = session.inputNames.filter((name) => name !== input.name);
  if (others.length > 0) throw new PalateError('MODEL_INVALID', `the graph has further inputs: ${others.join(', ')}`);
  const answers = new Map(session.outputMetadata.map((metadata) => [metadata.name, metadata]));
  for (const { name, length } of outputs) checkTensor(answers.get(name), `output ${name}`, 'float32', [length]);
}

type Metadata = InferenceSession['inputMetadata'][number];

function checkTensor(metadata: Metadata | undefined, what: string, type: string, shape: readonly number[]): void {
  if (!metadata?.isTensor) throw new PalateError('MODEL_INVALID', `the graph has no ${what}`);
  const [batch, ...rest] = metadata.shape;
  const isDynamic = typeof batch === 'string';
  if (metadata.type === type && isDynamic && rest.join() === shape.join()) return;
  const found = `${metadata.type} [${metadata.shape.join(', ')}]`;
  const wanted = `${type} [n, ${shape.join(', ')}]`;
  throw new PalateError('MODEL_INVALID', `the graph's ${what} is ${found}; model.yaml says ${wanted}`);
}
