/** An error as the bytes of `google.rpc.Status`: a refusal has to be cheap, also where one follows the other. */

import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { ErrorInfoSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import { type PalateError, type Reason, statusCodes } from '../errors.ts';
import { errorDomain, toStatus, wireMessage } from './status.ts';

/** Field numbers, each with its wire type: of `Status`, `Any`, `RetryInfo` and `Duration`. */
const statusTags = { code: 0x08, message: 0x12, details: 0x1a } as const;
const anyTags = { typeUrl: 0x0a, value: 0x12 } as const;
const retryTags = { delay: 0x0a } as const;
const durationTags = { seconds: 0x08, nanos: 0x10 } as const;

/** `ErrorInfo` of a reason without metadata, packed: always the same. */
const plainInfos = new Map<Reason, Uint8Array>();
const retryTypeUrl = anyPack(RetryInfoSchema, create(RetryInfoSchema)).typeUrl;

/** The bytes of `grpc-status-details-bin`: those of `toStatus`. */
export function statusDetailsBytes(error: PalateError): Uint8Array {
  const { code, reason, metadata, violations, retryAfterMillis } = error;
  if (violations.length > 0 || Object.keys(metadata).length > 0) return toBinary(StatusSchema, toStatus(error));
  const writer = new BinaryWriter().uint32(statusTags.code).int32(statusCodes[code]);
  const message = wireMessage(error);
  if (message !== '') writer.uint32(statusTags.message).string(message);
  writer.uint32(statusTags.details).bytes(plainInfo(reason));
  if (retryAfterMillis !== undefined) writer.uint32(statusTags.details).bytes(packedDelay(retryAfterMillis));
  return writer.finish();
}

function plainInfo(reason: Reason): Uint8Array {
  const known = plainInfos.get(reason);
  if (known !== undefined) return known;
  const info = toBinary(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain: errorDomain }));
  const { typeUrl } = anyPack(ErrorInfoSchema, create(ErrorInfoSchema));
  const packed = packedAny(typeUrl, info);
  plainInfos.set(reason, packed);
  return packed;
}

function packedDelay(millis: number): Uint8Array {
  const whole = Math.max(0, Math.round(millis));
  const seconds = Math.floor(whole / 1_000);
  const nanos = (whole % 1_000) * 1e6;
  const writer = new BinaryWriter().uint32(retryTags.delay).fork();
  if (seconds > 0) writer.uint32(durationTags.seconds).int64(seconds);
  if (nanos > 0) writer.uint32(durationTags.nanos).int32(nanos);
  return packedAny(retryTypeUrl, writer.join().finish());
}

function packedAny(typeUrl: string, value: Uint8Array): Uint8Array {
  return new BinaryWriter().uint32(anyTags.typeUrl).string(typeUrl).uint32(anyTags.value).bytes(value).finish();
}
