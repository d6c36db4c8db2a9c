/** Ours by the Open Inference Protocol, in turn with the bare loop of the same work: pixels, and photos that are decoded first. */

import { fileURLToPath } from 'node:url';
import { decodeImage } from '../../src/scoring/decoding/decode.ts';
import { type ModelManifest, readManifest } from '../../src/scoring/models/manifest.ts';
import { type BenchContext, countOf, textOf } from '../benchmark.ts';
import type { Report } from '../report.ts';
import { type RawLoop, type RawRound, startRawLoop } from '../scoring/raw-loop.ts';
import { photoFolder, photosOf } from '../scoring.ts';
import { besideReport, type SideRound } from './beside-report.ts';
import { parseConcurrencies } from './concurrency-range.ts';
import { streamLane, unaryLane } from './lanes.ts';
import { type Level, measureLevel } from './measure-level.ts';
import { photoRequests, pixelRequests, type Requests } from './requests.ts';
import { askForModel, type ServedModel } from './served-model.ts';
import { type Side, startSides } from './sides.ts';

const modelFolder = fileURLToPath(new URL('../../models/food', import.meta.url));

/** What is sent: a model's own tensor, or files. */
export const kinds = ['pixels', 'photos'] as const;
export type Kind = (typeof kinds)[number];

/** The bare loop's sizes of batches; the better one counts, among those that so many requests can fill. */
const rawBatches = [1, 4] as const;

interface Plan {
  readonly concurrencies: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly batch: number;
  readonly isStreamed: boolean;
  progress(text: string): void;
}

/** A side with what it is asked. */
interface AskedSide extends Side {
  readonly model: ServedModel;
  readonly requests: Readonly<Record<Kind, Requests>>;
}

/** Runs it, on servers of its own. */
export async function besideRaw(context: BenchContext): Promise<Report> {
  const plan = planOf(context);
  const manifest = readManifest(modelFolder);
  const jpegs = await photosOf(context);
  const raw = await startRawLoop(photoFolder(context.folder, jpegs), modelFolder);
  const sides = await startSides(context, textOf(context.values, 'profile'));
  const asked: AskedSide[] = [];
  try {
    for (const side of sides) asked.push(await askedSide(side, manifest, jpegs, plan.batch));
    return besideReport(await inTurn(asked, raw, plan), { photos: jpegs, ...plan });
  } finally {
    raw.stop();
    for (const { model } of asked) model.client.close();
    for (const side of sides) await side.stop();
  }
}

function planOf({ values, progress }: BenchContext): Plan {
  return {
    concurrencies: parseConcurrencies(textOf(values, 'concurrency') ?? '1,4,16'),
    rounds: countOf(values, 'rounds', 3),
    seconds: countOf(values, 'seconds', 4),
    warmUpSeconds: countOf(values, 'warm-up', 15),
    batch: countOf(values, 'batch', 1),
    isStreamed: values['streaming'] === true,
    progress,
  };
}

async function askedSide(
  side: Side,
  manifest: ModelManifest,
  jpegs: readonly Uint8Array[],
  batch: number,
): Promise<AskedSide> {
  const { name, input } = manifest;
  const model = await askForModel({ address: side.address, name, version: '' });
  const decoded = await Promise.all(jpegs.map(async (jpeg) => (await decodeImage(jpeg, input)).pixels));
  const tensor = { name: input.name, datatype: 'UINT8', shape: [batch, input.size, input.size, 3] };
  const inBatches = decoded.map((_, first) =>
    Buffer.concat(Array.from({ length: batch }, (_, index) => decoded[(first + index) % decoded.length]!)),
  );
  const pixels = pixelRequests(model, tensor, inBatches);
  return { ...side, model, requests: { pixels, photos: photoRequests(model, input.name, jpegs, batch) } };
}

async function inTurn(sides: readonly AskedSide[], raw: RawLoop, plan: Plan): Promise<readonly SideRound[]> {
  plan.progress(`${plan.warmUpSeconds} s to warm up`);
  for (const isDecoded of [true, false]) await raw.round({ seconds: 0.5, batchImages: 1, isDecoded });
  const seconds = plan.warmUpSeconds / sides.length / kinds.length;
  for (const side of sides) for (const kind of kinds) await levelOf(side, kind, { ...plan, seconds }, 16);
  const rounds: SideRound[] = [];
  for (let round = 1; round <= plan.rounds; round++) {
    for (const kind of kinds) {
      plan.progress(`round ${round} of ${plan.rounds}: ${kind}, by the bare loop and by ${sides.length} server(s)`);
      for (const concurrency of plan.concurrencies) {
        const bare = await rawRounds(raw, kind, plan.seconds);
        for (const side of sides) {
          const level = await levelOf(side, kind, plan, concurrency);
          rounds.push({ kind, side: side.name, concurrency, level, raw: bare });
        }
      }
    }
  }
  return rounds;
}

async function rawRounds(
  raw: RawLoop,
  kind: Kind,
  seconds: number,
): Promise<readonly (RawRound & { batch: number })[]> {
  const all: (RawRound & { batch: number })[] = [];
  for (const batch of rawBatches) {
    const order = { seconds: seconds / rawBatches.length, batchImages: batch, isDecoded: kind === 'pixels' };
    all.push({ batch, ...(await raw.round(order)) });
  }
  return all;
}

const timeoutMillis = 30_000;
const rampSeconds = 0.3;

function levelOf(
  { model, requests, cpuSeconds }: AskedSide,
  kind: Kind,
  { seconds, isStreamed }: Plan,
  concurrency: number,
): Promise<Level> {
  const { client, statistics } = model;
  return measureLevel({
    requests: requests[kind],
    concurrency,
    warmUpSeconds: rampSeconds,
    windowSeconds: seconds,
    windows: 1,
    steadyWithin: 1,
    openLane: () => (isStreamed ? streamLane(client, timeoutMillis) : unaryLane(client, timeoutMillis)),
    cpuSeconds,
    statistics,
    progress: () => undefined,
  });
}
