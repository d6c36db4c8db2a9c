import { create, fromBinary, type Message } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { type Any, AnySchema, anyPack, anyUnpack, durationFromMs, durationMs } from '@bufbuild/protobuf/wkt';
import {
  type BadRequest,
  BadRequestSchema,
  type ErrorInfo,
  ErrorInfoSchema,
  type RetryInfo,
  RetryInfoSchema,
} from '../../gen/google/rpc/error_details_pb.ts';
import { type Status, StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import { isPalateError, PalateError, type Reason, reasons, type StatusCode, statusCodes } from '../errors.ts';

/** `ErrorInfo.domain` of every error that Palate makes. */
export const errorDomain = 'palate';

/** A message longer than this is cut: it travels in a header. */
const maxMessageLength = 1_000;
/** More broken fields than this are not told one by one. */
const maxViolations = 50;

/** A detail of a status: a message and its schema. */
export type Detail =
  | readonly [typeof ErrorInfoSchema, ErrorInfo]
  | readonly [typeof BadRequestSchema, BadRequest]
  | readonly [typeof RetryInfoSchema, RetryInfo];

/** The details of an error: always ErrorInfo; BadRequest for broken fields; RetryInfo where a retry helps. */
export function errorDetails(error: PalateError): readonly Detail[] {
  const info = { reason: error.reason, domain: errorDomain, metadata: { ...error.metadata } };
  const details: Detail[] = [[ErrorInfoSchema, create(ErrorInfoSchema, info)]];
  if (error.violations.length > 0) {
    const fieldViolations = error.violations
      .slice(0, maxViolations)
      .map(({ field, description }) => ({ field, description }));
    details.push([BadRequestSchema, create(BadRequestSchema, { fieldViolations })]);
  }
  if (error.retryAfterMillis !== undefined) {
    const retryDelay = durationFromMs(Math.max(0, Math.round(error.retryAfterMillis)));
    details.push([RetryInfoSchema, create(RetryInfoSchema, { retryDelay })]);
  }
  return details;
}

/** The message as it goes on the wire: of bounded length, without the lone surrogates that no encoding takes. */
export function wireMessage(error: PalateError): string {
  const { message } = error;
  const cut = message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message;
  return cut.toWellFormed();
}

/** The error as `google.rpc.Status`. */
export function toStatus(error: PalateError): Status {
  return create(StatusSchema, {
    code: statusCodes[error.code],
    message: wireMessage(error),
    details: errorDetails(error).map(([schema, message]) => pack(schema, message)),
  });
}

/** Reads an error back from what a client received. `details` is what `grpc-status-details-bin` held, if anything. */
export function errorFromStatus(code: number, message: string, details: Uint8Array | undefined): PalateError {
  const packed = details === undefined ? [] : decodeDetails(details);
  const info = find(packed, ErrorInfoSchema);
  const delay = find(packed, RetryInfoSchema)?.retryDelay;
  const violations = find(packed, BadRequestSchema)?.fieldViolations ?? [];
  return new PalateError(knownReason(info) ?? reasonOfCode(code), message, {
    metadata: info?.metadata ?? {},
    violations: violations.map(({ field, description }) => ({ field, description })),
    ...(delay === undefined ? {} : { retryAfterMillis: durationMs(delay) }),
  });
}

function pack(schema: GenMessage<Message>, message: Message): Any {
  return create(AnySchema, anyPack(schema, message));
}

function find<T extends Message>(details: readonly Any[], schema: GenMessage<T>): T | undefined {
  for (const detail of details) {
    const message = anyUnpack(detail, schema);
    if (message !== undefined) return message as T;
  }
  return undefined;
}

/** A proxy may have cut or replaced the header: then the code alone must do. */
function decodeDetails(bytes: Uint8Array): readonly Any[] {
  try {
    return fromBinary(StatusSchema, bytes).details;
  } catch {
    return [];
  }
}

function knownReason(info: ErrorInfo | undefined): Reason | undefined {
  if (info === undefined || info.domain !== errorDomain || !Object.hasOwn(reasons, info.reason)) return undefined;
  return info.reason as Reason;
}

const codeReasons: Partial<Record<StatusCode, Reason>> = {
  CANCELLED: 'CANCELLED',
  INVALID_ARGUMENT: 'INVALID_REQUEST',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  RESOURCE_EXHAUSTED: 'MESSAGE_TOO_LARGE',
  UNIMPLEMENTED: 'NOT_IMPLEMENTED',
  UNAVAILABLE: 'UNREACHABLE',
};

/** The nearest reason for a status that some other program, or a library below us, has made. */
function reasonOfCode(code: number): Reason {
  const name = (Object.keys(statusCodes) as StatusCode[]).find((key) => statusCodes[key] === code);
  return (name !== undefined && codeReasons[name]) || 'INTERNAL';
}

/** A known error as it is; a stranger as INTERNAL, with an id under which the log has the cause. */
export function disclose(thrown: unknown, onHidden: (errorId: string, cause: unknown) => void): PalateError {
  if (isPalateError(thrown) && thrown.reason !== 'INTERNAL') return thrown;
  const errorId = crypto.randomUUID();
  onHidden(errorId, isPalateError(thrown) ? (thrown.cause ?? thrown) : thrown);
  return new PalateError('INTERNAL', 'internal error', { cause: thrown, metadata: { error_id: errorId } });
}
