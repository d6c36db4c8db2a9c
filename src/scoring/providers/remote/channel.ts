import { isPalateError } from '../../../errors.ts';
import type { InferenceClient } from './describe-remote.ts';
import type { InferChannel } from './infer-channel.ts';
import { streamChannel } from './stream-channel.ts';
import type { Transport } from './target.ts';

/** A call for each batch. gRPC passes deadline and cancellation on. */
function unaryChannel(client: InferenceClient): InferChannel {
  return {
    infer: (request, { timeoutMillis, signal, span }) => client.modelInfer(request, { timeoutMillis, signal, span }),
  };
}

/** As wanted. A server that knows no streams is asked by calls from then on; `onFallback` hears of it once. */
export function openChannel(client: InferenceClient, transport: Transport, onFallback: () => void): InferChannel {
  const unary = unaryChannel(client);
  if (transport === 'unary') return unary;
  const streams = streamChannel(client);
  let used = streams;
  return {
    async infer(request, options) {
      try {
        return await used.infer(request, options);
      } catch (error) {
        if (used === unary || !isPalateError(error) || error.code !== 'UNIMPLEMENTED') throw error;
        if (used === streams) onFallback();
        used = unary;
        return unary.infer(request, options);
      }
    },
  };
}
