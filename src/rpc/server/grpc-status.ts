import type { DescMethod } from '@bufbuild/protobuf';
import { PalateError, type Reason, statusCodes } from '../../errors.ts';
import { cancelled, deadlineExceeded } from '../live-call.ts';

/** What grpc-js ends a call with by itself. */
interface LibraryStatus {
  readonly code?: number | null;
  readonly details?: string | null;
}

const reasonsOfLibrary: Readonly<Record<number, Reason>> = {
  [statusCodes.RESOURCE_EXHAUSTED]: 'MESSAGE_TOO_LARGE',
  [statusCodes.UNIMPLEMENTED]: 'NOT_IMPLEMENTED',
  [statusCodes.INTERNAL]: 'MALFORMED_MESSAGE',
};

/** What grpc-js says when an answer could not be written, as its stream is gone. */
const writeFailed = /^(Internal server error|Error writing message)/;

/**
 * Gives a status that grpc-js made by itself its reason. It makes these: RESOURCE_EXHAUSTED for a message over the limit,
 * DEADLINE_EXCEEDED, UNIMPLEMENTED for an unknown compression, INTERNAL for data that does not unpack or a `grpc-timeout`
 * that does not parse.
 */
export function statusOfLibrary(method: DescMethod, status: LibraryStatus): PalateError {
  if (status.code === statusCodes.DEADLINE_EXCEEDED) return deadlineExceeded(method);
  if (status.code === statusCodes.INTERNAL && writeFailed.test(status.details ?? '')) return cancelled(method);
  const reason = reasonsOfLibrary[status.code ?? statusCodes.INTERNAL] ?? 'INTERNAL';
  return new PalateError(reason, status.details ?? 'the call could not be read');
}
