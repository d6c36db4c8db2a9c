import type { MessageInitShape } from '@bufbuild/protobuf';
import type { LoadedModelSchema, LoadedPipelineSchema } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { judgedByInit } from '../storage/records/judged-by.ts';
import { judgesOf } from './models/model-chain.ts';
import type { ListedModel, ListedPipeline } from './models/model-registry.ts';

/** A loaded model, as `ListModels` tells of it. */
export function listedModel({ model, isDefault }: ListedModel): MessageInitShape<typeof LoadedModelSchema> {
  const { name, version, requestedProvider, provider, maxBatchImages, embeddingLength, sha256 } = model;
  return {
    model: { name, version },
    isDefault,
    requestedProvider,
    provider,
    instances: model.instances.map(({ name, perImageMillis, perBatchMillis, batches, images }) => ({
      name,
      perImageMicros: perImageMillis * 1e3,
      perBatchMicros: perBatchMillis * 1e3,
      batches: BigInt(batches),
      images: BigInt(images),
    })),
    maxBatchImages,
    labels: model.classes.map(({ name }) => name),
    embeddingLength,
    sha256,
  };
}

/** A pipeline, as `ListModels` tells of it. */
export function listedPipeline({ chain, isDefault }: ListedPipeline): MessageInitShape<typeof LoadedPipelineSchema> {
  return {
    model: judgedByInit(judgesOf(chain, chain.links.length)),
    isDefault,
    steps: chain.links.map(({ name, condition }) => ({
      name,
      when: condition?.when ?? '',
      otherwise: condition?.refusal.reason ?? '',
    })),
  };
}
