import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ModelStatisticsSchema } from '../../../gen/grpc_service_pb.ts';
import type { LoadedModel } from '../models/loaded-model.ts';
import type { Tally } from '../models/model-statistics.ts';

/**
 * What was counted of a model, whichever service it was asked by. `compute_input` is the decoding of photos. Of batches no
 * more is known than how long they ran.
 */
export function statisticsOf({
  name,
  version,
  statistics,
}: LoadedModel): MessageInitShape<typeof ModelStatisticsSchema> {
  const { success, fail, queue, input, infer, output, batches, images, lastRequestMillis } = statistics;
  const sizes = [...batches].sort(([one], [other]) => one - other);
  return {
    name,
    version,
    lastInference: BigInt(lastRequestMillis),
    inferenceCount: BigInt(images),
    executionCount: BigInt(sizes.reduce((sum, [, { count }]) => sum + count, 0)),
    inferenceStats: {
      success: duration(success),
      fail: duration(fail),
      queue: duration(queue),
      computeInput: duration(input),
      computeInfer: duration(infer),
      computeOutput: duration(output),
      cacheHit: none,
      cacheMiss: none,
    },
    batchStats: sizes.map(([size, tally]) => ({
      batchSize: BigInt(size),
      computeInput: none,
      computeInfer: duration(tally),
      computeOutput: none,
    })),
  };
}

const none = { count: 0n, ns: 0n };

function duration({ count, micros }: Tally) {
  return { count: BigInt(count), ns: BigInt(Math.round(micros * 1e3)) };
}
