/** What a client learns of a server by its reflection stream, and by nothing else. */

import { once } from 'node:events';
import { create, createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Client } from '@grpc/grpc-js';
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { openDuplex } from './plain-client.ts';

export interface Reflected {
  readonly names: readonly string[];
  readonly registry: FileRegistry;
}

type Question = ServerReflectionRequest['messageRequest'];

/** No service imports it: it travels as an Any. */
const errorDetails = 'google.rpc.ErrorInfo';

/** Asks for the services, then for the files that define them and the details of their errors. */
export async function reflect(client: Client): Promise<Reflected> {
  const stream = openDuplex(client, ServerReflection.method.serverReflectionInfo);
  const ask = async (messageRequest: Question) => {
    stream.write(create(ServerReflectionRequestSchema, { messageRequest }));
    const [{ messageResponse }] = await once(stream, 'data');
    return messageResponse;
  };
  const listed = await ask({ case: 'listServices', value: '' });
  const names: string[] = listed.value.service.map(({ name }: { readonly name: string }) => name);
  const files = new Map<string, FileDescriptorProto>();
  for (const value of [...names, errorDetails]) {
    const found = await ask({ case: 'fileContainingSymbol', value });
    for (const bytes of found.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
  }
  stream.end();
  return { names, registry: createFileRegistry(create(FileDescriptorSetSchema, { file: ordered(files) })) };
}

/** Each file after those that it imports. */
function ordered(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const done = new Set<FileDescriptorProto>();
  const add = (name: string): void => {
    const file = files.get(name);
    if (file === undefined) throw new Error(`reflection did not give ${name}`);
    for (const dependency of file.dependency) add(dependency);
    done.add(file);
  };
  for (const name of files.keys()) add(name);
  return [...done];
}
