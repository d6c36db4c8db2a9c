/** What connectrpc.conformance.v1.ConformanceService does: each request says how it is to be answered. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type FileRegistry, type Message, toBinary } from '@bufbuild/protobuf';
import { PalateError, type StatusCode, statusCodes } from '../../../src/errors.ts';
import type { Call } from '../../../src/rpc/call.ts';

interface Header {
  readonly name: string;
  readonly value: readonly string[];
}

interface WantedError {
  readonly code: number;
  readonly message?: string;
}

interface Definition {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseDelayMs: number;
}

interface UnaryDefinition extends Definition {
  readonly response:
    | { readonly case: 'responseData'; readonly value: Uint8Array }
    | { readonly case: 'error'; readonly value: WantedError }
    | { readonly case: undefined };
}

interface StreamDefinition extends Definition {
  readonly responseData: readonly Uint8Array[];
  readonly error?: WantedError;
}

type UnaryRequest = Message & { readonly responseDefinition?: UnaryDefinition };
type StreamRequest = Message & { readonly responseDefinition?: StreamDefinition; readonly fullDuplex?: boolean };

/** The deadline of a call whose caller gave none. */
export const noDeadlineMillis = 2 ** 31 - 1;

/** The headers that the cases send: a call's metadata is asked by name. */
const echoed = ['x-conformance-test', 'x-conformance-test-bin'];

/** The handlers. Methods that are not here are not implemented, as the cases want it. */
export function conformanceHandlers(registry: FileRegistry) {
  const pack = (message: Message) => ({
    typeUrl: `type.googleapis.com/${message.$typeName}`,
    value: toBinary(registry.getMessage(message.$typeName)!, message),
  });
  const payload = (data: Uint8Array, requests: readonly Message[], call?: Call) => ({
    payload: { data, requestInfo: { ...(call === undefined ? {} : infoOf(call)), requests: requests.map(pack) } },
  });

  async function unary(requests: readonly UnaryRequest[], call: Call) {
    const definition = requests[0]?.responseDefinition;
    if (definition !== undefined) await begin(definition, call);
    if (definition?.response.case === 'error') throw toError(definition.response.value);
    const data = definition?.response.case === 'responseData' ? definition.response.value : new Uint8Array(0);
    return payload(data, requests, call);
  }

  async function* stream(definition: StreamDefinition | undefined, requests: readonly Message[], call: Call) {
    if (definition === undefined) return;
    setFields(definition, call);
    for (const [index, data] of definition.responseData.entries()) {
      await sleep(definition.responseDelayMs, undefined, { signal: call.signal });
      yield index === 0 ? payload(data, requests, call) : payload(data, []);
    }
    if (definition.error !== undefined) throw toError(definition.error);
  }

  /** An answer a request, and what is left of them at the end. */
  async function* alternate(first: StreamRequest, rest: AsyncIterator<StreamRequest>, call: Call) {
    const definition = first.responseDefinition!;
    setFields(definition, call);
    const data = [...definition.responseData];
    let [request, isFirst]: [StreamRequest, boolean] = [first, true];
    const answer = async (requests: readonly Message[]) => {
      await sleep(definition.responseDelayMs, undefined, { signal: call.signal });
      const made = payload(data.shift()!, requests, isFirst ? call : undefined);
      isFirst = false;
      return made;
    };
    if (data.length > 0) yield await answer([request]);
    // An error comes as soon as there are no more answers.
    while (data.length > 0 || definition.error === undefined) {
      const next = await rest.next();
      if (next.done) break;
      request = next.value;
      if (data.length > 0) yield await answer([request]);
    }
    while (data.length > 0) yield await answer([]);
    if (definition.error !== undefined) throw toError(definition.error);
  }

  return {
    unary: (request: UnaryRequest, call: Call) => unary([request], call),
    idempotentUnary: (request: UnaryRequest, call: Call) => unary([request], call),
    clientStream: async (requests: AsyncIterable<UnaryRequest>, call: Call) =>
      unary(await Array.fromAsync(requests), call),
    serverStream: (request: StreamRequest, call: Call) => stream(request.responseDefinition, [request], call),
    async *bidiStream(requests: AsyncIterable<StreamRequest>, call: Call) {
      const iterator = requests[Symbol.asyncIterator]();
      const { value: first } = await iterator.next();
      const rest = { [Symbol.asyncIterator]: () => iterator };
      if (first?.fullDuplex === true && first.responseDefinition !== undefined) yield* alternate(first, iterator, call);
      else if (first !== undefined) {
        yield* stream(first.responseDefinition, [first, ...(await Array.fromAsync(rest))], call);
      }
    },
  };
}

async function begin(definition: Definition, call: Call): Promise<void> {
  setFields(definition, call);
  await sleep(definition.responseDelayMs, undefined, { signal: call.signal });
}

function setFields({ responseHeaders, responseTrailers }: Definition, call: Call): void {
  for (const [name, value] of flatten(responseHeaders)) call.setHeader(name, value);
  for (const [name, value] of flatten(responseTrailers)) call.setTrailer(name, value);
}

function flatten(headers: readonly Header[]): [name: string, value: string | Uint8Array][] {
  return headers.flatMap(({ name, value }) =>
    value.map((each): [string, string | Uint8Array] => [
      name.toLowerCase(),
      name.endsWith('-bin') ? Buffer.from(each, 'base64') : each,
    ]),
  );
}

function infoOf(call: Call) {
  const requestHeaders = echoed.flatMap((name) => {
    const value = call.metadata.get(name);
    return value === undefined ? [] : [{ name, value: [value] }];
  });
  const millis = call.remainingMillis();
  const isGiven = millis < noDeadlineMillis / 2;
  return { requestHeaders, ...(isGiven ? { timeoutMs: BigInt(Math.round(millis)) } : {}) };
}

/** Any code; Palate's own errors have those of a closed list. */
function toError({ code, message = '' }: WantedError): PalateError {
  const name = (Object.keys(statusCodes) as StatusCode[]).find((each) => statusCodes[each] === code);
  return Object.assign(new PalateError('INVALID_REQUEST', message), { code: name });
}
