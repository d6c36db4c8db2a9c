/** The Open Inference Protocol: any server of it at several numbers of requests under way, or ours beside the bare loop. */

import { PalateError } from '../src/errors.ts';
import { type Benchmark, serverOptions, textOf } from './benchmark.ts';
import { besideRaw } from './inference/beside-raw.ts';
import { sweepModel } from './inference/sweep.ts';

export const inference: Benchmark = {
  name: 'inference',
  summary:
    'Open Inference Protocol: with --url, throughput and latency of any server at several concurrencies; without, ours beside the bare loop',
  options: {
    url: {
      type: 'string',
      description: 'HOST:PORT of a server of the protocol (gRPC, no TLS). Default: ours, beside the bare loop.',
    },
    model: { type: 'string', description: 'Its model. Default: food.' },
    'model-version': { type: 'string', description: 'Default: the one that the server chooses.' },
    concurrency: {
      type: 'string',
      description: 'Requests under way: 4, 1,4,16, 1:8:2 or 1:16:x2. Default: 1:16:x2; beside the bare loop 1,4,16.',
    },
    streaming: {
      type: 'boolean',
      description: 'ModelStreamInfer in place of ModelInfer, a stream for each request under way.',
    },
    batch: { type: 'string', description: 'Images or rows in a request. Default: 1.' },
    photos: {
      type: 'string',
      description:
        'Folder of JPEGs, sent as BYTES. Default: random values of the shape in the metadata; beside the bare loop, drawn ones.',
    },
    inputs: {
      type: 'string',
      description: 'Tensors in place of the metadata’s: NAME:DATATYPE:D1,D2…, several joined by ;.',
    },
    'warm-up': {
      type: 'string',
      description: 'Seconds of load before each concurrency. Default: 2; beside the bare loop 15, once.',
    },
    window: { type: 'string', description: 'Milliseconds of a window. Default: 5000.' },
    windows: { type: 'string', description: 'Windows of a concurrency, at most. Default: 10.' },
    stability: { type: 'string', description: 'Percent by which three windows may differ. Default: 10.' },
    timeout: { type: 'string', description: 'Deadline of a request, in milliseconds. Default: 30000.' },
    count: { type: 'string', description: 'Beside the bare loop: how many photos. Default: 64.' },
    rounds: { type: 'string', description: 'Beside the bare loop: rounds of loop and server, in turn. Default: 3.' },
    seconds: { type: 'string', description: 'Beside the bare loop: how long each part takes. Default: 4.' },
    ...serverOptions,
  },
  run(context) {
    const url = textOf(context.values, 'url');
    if (url === undefined) return besideRaw(context);
    if (!/^[^\s:/]+:\d{1,5}$/.test(url)) {
      throw new PalateError('USAGE', `--url takes HOST:PORT, not ${JSON.stringify(url)}.`);
    }
    return sweepModel(context, url);
  },
};
