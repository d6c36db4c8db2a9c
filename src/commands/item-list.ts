/** What `palate similar` and `palate trending` share: both ask for a list of items and print it. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { RecommendationService, type RecommendedItem } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { Client } from '../rpc/client/client.ts';
import type { CommandContext } from './command.ts';
import { asOfField, asOfOption } from './journal-place.ts';
import { wholeNumber } from './numbers.ts';
import { itemsTable } from './recommended-items.ts';
import { askOptions, withClient, writeJson } from './server-client.ts';

export const listOptions = {
  ...askOptions,
  limit: { type: 'string', short: 'n', value: 'COUNT', description: 'Items at most. Default: 20.' },
  filter: { type: 'string', value: 'CEL', description: 'A condition on items.' },
  ...asOfOption,
  explain: { type: 'boolean', short: 'e', description: 'Say why.' },
} as const;

/** The fields that both requests have. */
export interface ListRequest {
  readonly pageSize: number;
  readonly filter: string;
  readonly explain: boolean;
  readonly asOf?: NonNullable<ReturnType<typeof asOfField>['asOf']>;
}

/** Asks, and prints the items as a table or the whole answer as JSON. */
export async function printItems<Desc extends DescMessage>(
  context: CommandContext<typeof listOptions>,
  schema: Desc,
  ask: (
    client: Client<typeof RecommendationService>,
    request: ListRequest,
  ) => Promise<MessageShape<Desc> & { readonly items: RecommendedItem[] }>,
): Promise<void> {
  const { values, stdout } = context;
  const pageSize = wholeNumber('limit', values.limit, { min: 1, max: 1_000 }) ?? 20;
  const request = {
    pageSize,
    filter: values.filter ?? '',
    explain: values.explain ?? false,
    ...asOfField(values['as-of']),
  };
  const answer = await withClient(RecommendationService, context, (client) => ask(client, request));
  if (values.json) writeJson(stdout, schema, answer);
  else stdout.write(itemsTable(answer.items));
}
