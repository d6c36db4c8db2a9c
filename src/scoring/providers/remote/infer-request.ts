import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { InferParameterSchema, ModelInferRequestSchema } from '../../../../gen/grpc_service_pb.ts';
import type { Span } from '../../../telemetry/tracing/tracer.ts';
import type { ModelManifest } from '../../models/manifest.ts';
import type { ModelImage } from '../model-instance.ts';
import type { RemoteTarget } from './target.ts';

export interface RequestHead {
  readonly manifest: Pick<ModelManifest, 'input' | 'outputs'>;
  readonly target: Pick<RemoteTarget, 'model' | 'version'>;
  /** Comes back with the answer. */
  readonly id: string;
  /** How long the server may take, in milliseconds; it is what counts on a stream. Infinity: as long as it likes. */
  readonly timeoutMillis: number;
  /** Of the run, where it is recorded: a stream has no headers for each request, so it is a parameter. */
  readonly span?: Span | undefined;
}

/** A `ModelInferRequest` of a batch as its bytes. The pixels are copied once, from the images to where they are sent from. */
export function writeInferRequest(head: RequestHead, images: readonly ModelImage[]): Buffer {
  const pixels = images.reduce((sum, image) => sum + image.pixels.length, 0);
  const before = headBytes(head, images.length);
  const tag = rawContentsTag(pixels);
  const bytes = Buffer.allocUnsafeSlow(before.length + tag.length + pixels);
  bytes.set(before);
  bytes.set(tag, before.length);
  let at = before.length + tag.length;
  for (const image of images) {
    bytes.set(image.pixels, at);
    at += image.pixels.length;
  }
  return bytes;
}

function headBytes({ manifest, target, id, timeoutMillis, span }: RequestHead, count: number): Uint8Array {
  const { name, size } = manifest.input;
  const request = create(ModelInferRequestSchema, {
    modelName: target.model,
    modelVersion: target.version,
    id,
    inputs: [{ name, datatype: 'UINT8', shape: [count, size, size, 3].map(BigInt) }],
    outputs: manifest.outputs.map((output) => ({ name: output.name })),
  });
  if (Number.isFinite(timeoutMillis)) {
    const micros = BigInt(Math.max(1, Math.round(timeoutMillis * 1e3)));
    request.parameters['timeout'] = create(InferParameterSchema, {
      parameterChoice: { case: 'int64Param', value: micros },
    });
  }
  for (const [name, value] of Object.entries(span?.headers ?? {})) {
    request.parameters[name] = create(InferParameterSchema, { parameterChoice: { case: 'stringParam', value } });
  }
  return toBinary(ModelInferRequestSchema, request);
}

/** What stands before the bytes of `raw_input_contents`: fields of a message may come in any order, so it comes last. */
function rawContentsTag(length: number): Uint8Array {
  const { number } = ModelInferRequestSchema.field.rawInputContents;
  return new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish();
}
