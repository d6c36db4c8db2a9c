/** One model of one server, at several numbers of requests under way: what perf_analyzer reports. */

import { PalateError } from '../../src/errors.ts';
import { type BenchContext, countOf, textOf } from '../benchmark.ts';
import type { Report } from '../report.ts';
import { readPhotos } from '../scoring/photos.ts';
import { parseConcurrencies } from './concurrency-range.ts';
import { streamLane, unaryLane } from './lanes.ts';
import { errorNotes, levelCells, levelTitles, serverTimesNote } from './level-table.ts';
import { type Level, measureLevel } from './measure-level.ts';
import { photoInputOf, photoRequests, type Requests, randomRequests } from './requests.ts';
import { askForModel, type ServedModel } from './served-model.ts';
import { parseTensors, tensorsOf } from './tensors.ts';

/** Sweeps the model that the options name. Throws USAGE and UNREACHABLE, also where the first request fails. */
export async function sweepModel(context: BenchContext, address: string): Promise<Report> {
  const { values, progress } = context;
  const concurrencies = parseConcurrencies(textOf(values, 'concurrency') ?? '1:16:x2');
  const name = textOf(values, 'model') ?? 'food';
  const version = textOf(values, 'model-version') ?? '';
  const timeoutMillis = countOf(values, 'timeout', 30_000);
  const pace = {
    windowSeconds: countOf(values, 'window', 5_000) / 1e3,
    windows: countOf(values, 'windows', 10),
    steadyWithin: countOf(values, 'stability', 10) / 100,
  };
  const warmUpSeconds = countOf(values, 'warm-up', 2);
  const model = await askForModel({ address, name, version });
  try {
    const requests = await requestsOf(context, model);
    const openLane = () => laneOf(values, model, timeoutMillis);
    progress(`${name} at ${address} (${model.server}): ${requests.content}`);
    await askOnce(openLane, requests);
    const levels: Level[] = [];
    for (const concurrency of concurrencies) {
      const { statistics } = model;
      levels.push(
        await measureLevel({ requests, concurrency, ...pace, warmUpSeconds, openLane, statistics, progress }),
      );
    }
    return sweepReport(model, address, requests, levels, pace);
  } finally {
    model.client.close();
  }
}

async function requestsOf({ values }: BenchContext, model: ServedModel): Promise<Requests> {
  const batch = countOf(values, 'batch', 1);
  const photos = textOf(values, 'photos');
  const given = textOf(values, 'inputs');
  const tensors = given === undefined ? undefined : parseTensors(given);
  if (photos === undefined) return randomRequests(model, tensors ?? tensorsOf(model, batch));
  const input = photoInputOf(tensors ?? model.inputs);
  return photoRequests(model, input, await readPhotos(photos, mostPhotos), batch);
}

const mostPhotos = 64;

function laneOf(values: BenchContext['values'], { client }: ServedModel, timeoutMillis: number) {
  return values['streaming'] === true ? streamLane(client, timeoutMillis) : unaryLane(client, timeoutMillis);
}

/** A request that the server does not take ends the run before it begins. */
async function askOnce(openLane: () => ReturnType<typeof unaryLane>, { encoded }: Requests): Promise<void> {
  const lane = openLane();
  try {
    await lane.ask(encoded[0]!);
  } catch (cause) {
    const { code, message } = PalateError.from(cause);
    throw new PalateError('USAGE', `The first request failed, so no others are sent: ${code}: ${message}`, { cause });
  } finally {
    lane.close();
  }
}

function sweepReport(
  { name, server }: ServedModel,
  address: string,
  { content, batch }: Requests,
  levels: readonly Level[],
  pace: { readonly windowSeconds: number; readonly steadyWithin: number },
): Report {
  const rows = levels.map((level) => [
    `${level.concurrency} at a time`,
    ...levelCells(level),
    `${level.windows}${level.isSteady ? '' : ', unsteady'}`,
    `${(level.loadCpuShare * 100).toFixed(0)} %`,
  ]);
  const percent = `${(pace.steadyWithin * 100).toFixed(0)} %`;
  return {
    tables: [{ titles: ['', ...levelTitles, 'windows', 'load CPU'], rows }],
    notes: [
      `${name} at ${address} (${server}); ${content}.`,
      `Each line is of the last three windows of ${pace.windowSeconds} s, once throughput and mean latency of each lie within ${percent} of their mean, or the last three there were (unsteady). Load CPU: what this program used of one core.`,
      serverTimesNote,
      ...errorNotes(levels),
    ],
    figures: { model: name, address, server, content, batch, ...pace, levels },
  };
}
