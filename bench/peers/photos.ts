/**
 * Beside BentoML (https://github.com/bentoml/BentoML) and MLServer (https://github.com/SeldonIO/MLServer), in Python: the same
 * model and the same photos, with as many under way as there are to be, in turn. See README.md for how they are started.
 */

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { connectGrpcCaller } from '../load/grpc-caller.ts';
import { connectHttpCaller } from '../load/http-caller.ts';
import { closedLoop, type Load, type LoadResult } from '../load/open-loop.ts';
import { medianOf, percentilesOf } from '../percentiles.ts';

export interface PhotoSide {
  readonly name: string;
  readonly load: Load;
  /** Of its server, so far; undefined where its process is not known. */
  readonly cpuSeconds: (() => number) | undefined;
}

/** Medians of the rounds. */
export interface PhotoRate {
  readonly name: string;
  readonly concurrency: number;
  readonly imagesPerSecond: number;
  readonly cpuMillisPerImage: number | undefined;
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly errors: number;
}

export interface PhotoPlan {
  readonly concurrencies: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  /** Of each side, before the first round. */
  readonly warmUpSeconds: number;
}

interface Round {
  readonly result: LoadResult;
  readonly cpuSeconds: number | undefined;
}

/** Each side once to warm up, then all of them in turn. */
export async function ratePhotos(sides: readonly PhotoSide[], plan: PhotoPlan): Promise<readonly PhotoRate[]> {
  const { concurrencies, rounds, seconds, warmUpSeconds } = plan;
  const concurrency = Math.max(...concurrencies);
  for (const { load } of sides) await closedLoop(load, { concurrency, seconds: warmUpSeconds });
  const rates: PhotoRate[] = [];
  for (const concurrency of concurrencies) {
    const all = sides.map((): Round[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { load, cpuSeconds }] of sides.entries()) {
        const before = cpuSeconds?.() ?? 0;
        const result = await closedLoop(load, { concurrency, seconds });
        all[index]!.push({ result, cpuSeconds: cpuSeconds && cpuSeconds() - before });
      }
    }
    rates.push(...sides.map(({ name }, index) => rateOf(name, concurrency, all[index]!)));
  }
  return rates;
}

function rateOf(name: string, concurrency: number, rounds: readonly Round[]): PhotoRate {
  const perImage = rounds.flatMap(({ result, cpuSeconds }) =>
    cpuSeconds === undefined ? [] : [(cpuSeconds * 1e3) / result.latencies.length],
  );
  const each = rounds.map(({ result }) => percentilesOf(result.latencies));
  return {
    name,
    concurrency,
    imagesPerSecond: medianOf(rounds.map(({ result }) => result.latencies.length / result.seconds)),
    cpuMillisPerImage: perImage.length === 0 ? undefined : medianOf(perImage),
    p50Millis: medianOf(each.map(({ p50 }) => p50)),
    p99Millis: medianOf(each.map(({ p99 }) => p99)),
    errors: rounds.reduce((sum, { result }) => sum + result.errors, 0),
  };
}

export const photoTitles = ['images/s', 'server CPU ms an image', 'p50 ms', 'p99', 'errors'];

export function photoCells({ imagesPerSecond, cpuMillisPerImage, p50Millis, p99Millis, errors }: PhotoRate): string[] {
  const cpu = cpuMillisPerImage?.toFixed(2) ?? '';
  return [imagesPerSecond.toFixed(1), cpu, p50Millis.toFixed(2), p99Millis.toFixed(2), String(errors)];
}

export type ClosableLoad = Load & { close(): void };

/** `url`: as `http://127.0.0.1:18180`. A JPEG is the body of a request. */
export async function connectBentoml(url: string, jpegs: readonly Buffer[]): Promise<ClosableLoad> {
  const caller = await connectHttpCaller(url, 16);
  const prepared = jpegs.map((body) => caller.prepare({ method: 'POST', path: '/score', body }));
  return inTurn(prepared, caller);
}

/** `address`: as `127.0.0.1:18182`. The Open Inference Protocol over gRPC: the JPEG is the one element of a tensor of bytes. */
export async function connectMlserver(address: string, jpegs: readonly Buffer[]): Promise<ClosableLoad> {
  const caller = await connectGrpcCaller(address, '/inference.GRPCInferenceService/ModelInfer');
  return inTurn(
    jpegs.map((jpeg) => caller.prepare(modelInferRequest(jpeg))),
    caller,
  );
}

function inTurn<Prepared>(
  prepared: readonly Prepared[],
  caller: { call(prepared: Prepared, answered: Parameters<Load['next']>[0]): void; close(): void },
): ClosableLoad {
  let next = 0;
  return {
    next: (answered) => caller.call(prepared[next++ % prepared.length]!, answered),
    isEmpty: (answer) => answer.length === 0,
    close: () => caller.close(),
  };
}

/** `inference.ModelInferRequest`: model_name = 1, inputs = 5 {name = 1, datatype = 2, shape = 3, contents = 5 {bytes_contents = 8}}. */
function modelInferRequest(jpeg: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string('food');
  writer.tag(5, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string('image');
  writer.tag(2, WireType.LengthDelimited).string('BYTES');
  writer.tag(3, WireType.LengthDelimited).fork().int64(1).join();
  writer.tag(5, WireType.LengthDelimited).fork().tag(8, WireType.LengthDelimited).bytes(jpeg).join();
  return writer.join().finish();
}
