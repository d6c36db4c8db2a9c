import type { DescFile, DescService, MessageInitShape } from '@bufbuild/protobuf';
import { file_google_rpc_error_details } from '../../gen/google/rpc/error_details_pb.ts';
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { statusCodes } from '../errors.ts';
import { type BoundService, bindService, type Handlers } from './handlers.ts';
import { createReflectionIndex, type ReflectionIndex, withImports } from './reflection-index.ts';

type Response = MessageInitShape<typeof ServerReflectionResponseSchema>;
type Answer = NonNullable<Response['messageResponse']>;

/**
 * `grpc.reflection.v1.ServerReflection` and its older twin `v1alpha`, message for message the same.
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 *
 * @param services what is listed, beside reflection itself.
 */
export function reflectionServices(services: readonly DescService[]): readonly BoundService[] {
  const all = [...services, ServerReflection, ServerReflectionAlpha];
  const names = all.map(({ typeName }) => typeName).sort();
  // Errors travel as Any: no file imports their details, and a client that meets one asks for it by its name.
  const index = createReflectionIndex([...all.map(({ file }) => file), file_google_rpc_error_details]);
  const handlers: Handlers<typeof ServerReflection> = {
    async *serverReflectionInfo(requests) {
      const sent = new Set<DescFile>();
      for await (const request of requests) {
        const messageResponse = answerTo(request, names, index, sent);
        yield { validHost: request.host, originalRequest: request, messageResponse };
      }
    },
  };
  const alpha = handlers as unknown as Handlers<typeof ServerReflectionAlpha>;
  return [bindService(ServerReflection, handlers), bindService(ServerReflectionAlpha, alpha)];
}

function answerTo(
  { messageRequest }: ServerReflectionRequest,
  names: readonly string[],
  index: ReflectionIndex,
  sent: Set<DescFile>,
): Answer {
  switch (messageRequest.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: names.map((name) => ({ name })) } };
    case 'fileByFilename':
      return files(index.fileByName(messageRequest.value), messageRequest.value, index, sent);
    case 'fileContainingSymbol':
      return files(index.fileBySymbol(messageRequest.value), messageRequest.value, index, sent);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = messageRequest.value;
      const file = index.fileByExtension(containingType, extensionNumber);
      return files(file, `extension ${extensionNumber} of ${containingType}`, index, sent);
    }
    case 'allExtensionNumbersOfType': {
      const baseTypeName = messageRequest.value;
      const extensionNumber = index.extensionNumbers(baseTypeName);
      if (extensionNumber === undefined) return notFound(baseTypeName);
      return { case: 'allExtensionNumbersResponse', value: { baseTypeName, extensionNumber: [...extensionNumber] } };
    }
    default:
      return failure(statusCodes.INVALID_ARGUMENT, 'the request asks for nothing that this server knows');
  }
}

/** The file itself, and those of its imports that this stream has not sent yet. */
function files(file: DescFile | undefined, what: string, index: ReflectionIndex, sent: Set<DescFile>): Answer {
  if (file === undefined) return notFound(what);
  const fresh = withImports(file).filter((each) => each === file || !sent.has(each));
  for (const each of fresh) sent.add(each);
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: fresh.map((each) => index.bytesOf(each)) } };
}

function notFound(what: string): Answer {
  return failure(statusCodes.NOT_FOUND, `${what.slice(0, 200)} is not served here`);
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
