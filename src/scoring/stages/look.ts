/** What models see on a photo: for each step of their chain decode → batch → infer, and at the end judge. */

import type { CelInput } from '@bufbuild/cel';
import type { JudgedBy } from '../../storage/records/judged-by.ts';
import { type Span, traced } from '../../telemetry/tracing/tracer.ts';
import type { Batched } from '../batcher/batcher.ts';
import type { Decoder } from '../decoding/decoder.ts';
import { judge, type RefusedPhoto, type ScoredPhoto } from '../judgement/judge.ts';
import { type ChainLink, judgesOf, type ModelChain } from '../models/model-chain.ts';
import { wordsOf } from '../models/step-condition.ts';
import type { ModelOutput } from '../providers/model-instance.ts';
import type { Shared } from './join.ts';
import { type Rejected, rejectionOf } from './rejection.ts';

/** How long it took, in microseconds: all steps together. */
export interface LookTimes {
  readonly decodeMicros: number;
  readonly queueMicros: number;
  readonly inferenceMicros: number;
  /** Of the last step that was taken. */
  readonly batchImages: number;
}

export interface Seen {
  readonly judgement: ScoredPhoto | RefusedPhoto | Rejected;
  /** Empty where there is none. */
  readonly embedding: Float32Array;
  readonly times: LookTimes;
  /** The models that looked. */
  readonly judges: JudgedBy;
  /** What the last of them ran on. */
  readonly provider: string;
}

type PhotoDecoder = Pick<Decoder, 'decode'>;

/** One photo on its way along the chain. */
interface Walk {
  readonly decoder: PhotoDecoder;
  readonly bytes: Uint8Array;
  readonly chain: ModelChain;
  readonly shared: Shared;
  readonly span: Span | undefined;
  /** By what the models want: each is made once. */
  readonly pixels: Map<string, Uint8Array>;
  readonly words: Record<string, CelInput>;
  readonly times: { -readonly [Key in keyof LookTimes]: LookTimes[Key] };
  /** Steps that were taken. */
  looked: number;
  provider: string;
}

const noEmbedding = new Float32Array(0);

/**
 * Looks at a photo with one model after the other, as far as their conditions let it go on. All share one deadline.
 * @throws PalateError OVERLOADED, DEADLINE_EXCEEDED, WORKER_LOST, MODEL_INVALID; also the signal's reason. A fault of the photo is an answer.
 */
export async function look(
  decoder: PhotoDecoder,
  bytes: Uint8Array,
  chain: ModelChain,
  shared: Shared,
  span?: Span | undefined,
): Promise<Seen> {
  const walk: Walk = {
    ...{ decoder, bytes, chain, shared, span, pixels: new Map(), words: {}, looked: 0 },
    times: { decodeMicros: 0, queueMicros: 0, inferenceMicros: 0, batchImages: 0 },
    provider: chain.links[0]!.model.provider,
  };
  const { judgement, embedding = noEmbedding } = await outcomeOf(walk);
  const { times, looked, provider } = walk;
  // A photo that can't be decoded is refused in the name of the first model.
  return { judgement, embedding, times, judges: judgesOf(chain, Math.max(1, looked)), provider };
}

async function outcomeOf(walk: Walk): Promise<Pick<Seen, 'judgement'> & { readonly embedding?: Float32Array }> {
  try {
    return await take(walk);
  } catch (error) {
    const rejection = rejectionOf(error);
    if (rejection === undefined) throw error;
    return { judgement: { rejection } };
  }
}

async function take(walk: Walk): Promise<Pick<Seen, 'judgement' | 'embedding'>> {
  const { links } = walk.chain;
  const isAskedOf = (index: number) => links.some(({ condition }, other) => other > index && condition !== undefined);
  let last: ModelOutput | undefined;
  for (const [index, link] of links.entries()) {
    const rejection = link.condition?.refusalOf(walk.words);
    if (rejection !== undefined) return { judgement: { rejection }, embedding: noEmbedding };
    const { output } = await step(walk, link);
    if (isAskedOf(index)) walk.words[link.name] = wordsOf(link.model, output);
    last = output;
  }
  const { labels, food, embedding } = last!;
  return { judgement: judge({ probabilities: labels, food }, links.at(-1)!.model), embedding };
}

async function step(walk: Walk, { model }: ChainLink): Promise<Batched<ModelOutput>> {
  const { shared, times } = walk;
  const pixels = await pixelsFor(walk, model.manifest.input);
  // Whoever joined meanwhile may have brought more time.
  const { signal, deadlineMillis } = shared;
  const inferred = await traced(walk.span, 'infer', (span) => model.infer(pixels, { signal, deadlineMillis, span }));
  times.queueMicros += inferred.queueMicros;
  times.inferenceMicros += inferred.runMicros;
  times.batchImages = inferred.batchImages;
  walk.looked += 1;
  walk.provider = model.provider;
  return inferred;
}

async function pixelsFor(walk: Walk, input: ChainLink['model']['manifest']['input']): Promise<Uint8Array> {
  const { decoder, bytes, shared, pixels, times } = walk;
  const { size, fit, kernel } = input;
  const key = [size, fit, kernel].join();
  const known = pixels.get(key);
  if (known !== undefined) return known;
  const { signal, deadlineMillis } = shared;
  const image = await traced(walk.span, 'decode', () => decoder.decode(bytes, input, { signal, deadlineMillis }));
  times.decodeMicros += image.decodeMicros;
  times.queueMicros += image.queueMicros;
  pixels.set(key, image.pixels);
  return image.pixels;
}
