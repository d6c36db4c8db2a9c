import { Code, ConnectError } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { codeToHttpStatus, errorFromJsonBytes, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { isPalateError, type PalateError } from '../../errors.ts';
import { fromLibrary, toConnectError } from './connect-error.ts';

/**
 * Gives a unary answer that Connect has refused by itself (a body that does not parse, a message over the limit) the
 * details of its reason, as every other error has them. Other answers are left alone.
 */
export async function explainRefusal(
  answer: UniversalServerResponse,
  onRefused: (error: PalateError) => void,
): Promise<UniversalServerResponse> {
  const { status, header, body } = answer;
  const isError =
    status >= 400 && header?.get('content-type') === 'application/json' && !header.has('content-encoding');
  if (!isError || body === undefined) return answer;
  const bytes = Buffer.concat(await Array.fromAsync(body));
  const error = errorFromJsonBytes(bytes, undefined, new ConnectError('an error without a body', Code.Unknown));
  const own = error.details.length > 0 ? undefined : fromLibrary(error);
  if (!isPalateError(own)) return { ...answer, body: once(bytes) };
  onRefused(own);
  const explained = toConnectError(own, undefined);
  const json = errorToJsonBytes(explained, undefined);
  header.set('content-length', String(json.length));
  return { ...answer, status: codeToHttpStatus(explained.code), body: once(json) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
