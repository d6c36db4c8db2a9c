/** A plain grpc-js client with codecs of protobuf-es: nothing of Palate's own client is in it. */

import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import type { Scope } from '../servers/palate-process.ts';

/** A method whose messages have these schemas. */
export type MethodOf<Input extends DescMessage, Output extends DescMessage> = DescMethod & {
  readonly input: Input;
  readonly output: Output;
};

export interface CallHeaders {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly deadline?: number;
}

/** A client that is closed when the test is over. */
export function connect(t: Scope, address: string, options: ClientOptions = {}): Client {
  // Without a pool of its own, two clients of one process would share a connection.
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, ...options });
  t.after(() => client.close());
  return client;
}

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** One request, one answer. Rejects with grpc-js's `ServiceError`. */
export function call<Input extends DescMessage, Output extends DescMessage>(
  client: Client,
  method: MethodOf<Input, Output>,
  request: MessageInitShape<Input>,
  given: CallHeaders = {},
): Promise<MessageShape<Output>> {
  const { encode, decode } = codecs(method);
  const message = create(method.input, request);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      pathOf(method),
      encode,
      decode,
      message,
      metadataOf(given),
      callOptions(given),
      (error, answer) => {
        if (error === null) resolve(answer as MessageShape<Output>);
        else reject(error);
      },
    );
  });
}

/** One request, many answers. */
export function openServerStream<Input extends DescMessage, Output extends DescMessage>(
  client: Client,
  method: MethodOf<Input, Output>,
  request: MessageInitShape<Input>,
  given: CallHeaders = {},
): ClientReadableStream<MessageShape<Output>> {
  const { encode, decode } = codecs(method);
  const message = create(method.input, request);
  return client.makeServerStreamRequest(pathOf(method), encode, decode, message, metadataOf(given), callOptions(given));
}

/** Many requests, many answers. */
export function openDuplex<Input extends DescMessage, Output extends DescMessage>(
  client: Client,
  method: MethodOf<Input, Output>,
  given: CallHeaders = {},
): ClientDuplexStream<MessageShape<Input>, MessageShape<Output>> {
  const { encode, decode } = codecs(method);
  return client.makeBidiStreamRequest(pathOf(method), encode, decode, metadataOf(given), callOptions(given));
}

/** What `google.rpc.Status` says of an error, or undefined where it has no details. */
export interface StatusDetails {
  readonly reason: string;
  readonly domain: string;
  readonly fields: readonly string[];
  readonly retryMillis: number | undefined;
}

/** Reads `grpc-status-details-bin`. */
export function detailsOf(error: ServiceError): StatusDetails {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Uint8Array)) throw new Error(`no details in: ${error.message}`);
  return statusDetails(bytes);
}

/** Reads a `google.rpc.Status`. */
export function statusDetails(bytes: Uint8Array): StatusDetails {
  const { details } = fromBinary(StatusSchema, bytes);
  const find = <Schema extends DescMessage>(schema: Schema): MessageShape<Schema> | undefined => {
    const found = details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/${schema.typeName}`);
    return found === undefined ? undefined : fromBinary(schema, found.value);
  };
  const info = find(ErrorInfoSchema);
  const delay = find(RetryInfoSchema)?.retryDelay;
  return {
    reason: info?.reason ?? '',
    domain: info?.domain ?? '',
    fields: (find(BadRequestSchema)?.fieldViolations ?? []).map(({ field }) => field),
    retryMillis: delay === undefined ? undefined : durationMs(delay),
  };
}

function codecs<Input extends DescMessage, Output extends DescMessage>({ input, output }: MethodOf<Input, Output>) {
  return {
    encode: (message: MessageShape<Input>) => Buffer.from(toBinary(input, message)),
    decode: (bytes: Buffer) => fromBinary(output, bytes),
  };
}

function metadataOf({ headers = {} }: CallHeaders): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

function callOptions({ deadline }: CallHeaders): CallOptions {
  return deadline === undefined ? {} : { deadline };
}
