import { Code, ConnectError } from '@connectrpc/connect';
import { PalateError, type Reason, statusCodes } from '../../errors.ts';
import type { Field } from '../live-call.ts';
import { errorDetails, wireMessage } from '../status.ts';

/** The error as Connect sends it; Connect's codes have gRPC's numbers. */
export function toConnectError(error: PalateError, trailers: readonly Field[] | undefined): ConnectError {
  const details = errorDetails(error).map(([desc, value]) => ({ desc, value }));
  const connectError = new ConnectError(
    wireMessage(error),
    statusCodes[error.code] as number,
    undefined,
    details,
    error,
  );
  addFields(connectError.metadata, trailers);
  const challenge = challengeOf(error);
  if (challenge !== undefined) connectError.metadata.set('www-authenticate', challenge);
  return connectError;
}

/** What a refused caller is told by HTTP, RFC 6750, section 3: nothing of an error where no token came. */
export function challengeOf({ code, reason }: PalateError): string | undefined {
  if (code !== 'UNAUTHENTICATED') return undefined;
  return reason === 'TOKEN_MISSING' ? 'Bearer realm="palate"' : 'Bearer realm="palate", error="invalid_token"';
}

/** Adds headers or trailers that a handler has set. Bytes go as base64, under a name that ends in `-bin`. */
export function addFields(headers: Headers, fields: readonly Field[] | undefined): void {
  for (const [name, value] of fields ?? []) {
    headers.append(name, typeof value === 'string' ? value : Buffer.from(value).toString('base64'));
  }
}

const reasonsOfLibrary: Partial<Record<Code, Reason>> = {
  [Code.InvalidArgument]: 'MALFORMED_MESSAGE',
  [Code.ResourceExhausted]: 'MESSAGE_TOO_LARGE',
  [Code.Unimplemented]: 'NOT_IMPLEMENTED',
  [Code.DeadlineExceeded]: 'DEADLINE_EXCEEDED',
  [Code.Canceled]: 'CANCELLED',
};

/** Gives an error that Connect made by itself, of a request it could not read, its reason. */
export function fromLibrary(error: ConnectError): unknown {
  const reason = isParseFailure(error) ? 'MALFORMED_MESSAGE' : reasonsOfLibrary[error.code];
  return reason === undefined ? error : new PalateError(reason, error.rawMessage, { cause: error });
}

/** Connect calls data that does not parse, or does not unpack, an internal error. It is the caller's. */
function isParseFailure(error: ConnectError): boolean {
  return error.code === Code.Internal && /^(parse binary|protocol error|decompression failed)\b/.test(error.rawMessage);
}
