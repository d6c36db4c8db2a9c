/** What the commands that call a running server have in common: the connection, and how answers are printed. */
import { type DescMessage, type DescService, type MessageShape, toJson } from '@bufbuild/protobuf';
import { createGrpcClient, type GrpcClient } from '../rpc/client/grpc-client.ts';
import type { CommandContext } from './command.ts';
import { clientOptions, configSources } from './config-options.ts';
import type { Output } from './terminal.ts';

/** The options of every such command. */
export const askOptions = {
  ...clientOptions,
  json: { type: 'boolean', description: "Print the server's answer as JSON." },
} as const;

/** Calls `use` with a client of the configured server, and lets the connection go afterwards. */
export async function withClient<S extends DescService, Result>(
  service: S,
  context: CommandContext<typeof clientOptions>,
  use: (client: GrpcClient<S>['call']) => Promise<Result>,
): Promise<Result> {
  const { client } = context.loadConfig(configSources(context.values));
  const connection = createGrpcClient(service, client.address, {
    tenant: client.tenant,
    timeoutMillis: client.timeoutMillis,
    connection: client,
  });
  try {
    return await use(connection.call);
  } finally {
    connection.close();
  }
}

/** A message in protobuf's JSON form, zeros written out, as the HTTP port answers. */
export function writeJson<Desc extends DescMessage>(output: Output, schema: Desc, message: MessageShape<Desc>): void {
  output.write(`${JSON.stringify(toJson(schema, message, { alwaysEmitImplicit: true }), null, 2)}\n`);
}
