/** `palate schema`: JSON Schema of the events. */
import { PalateError } from '../errors.ts';
import { eventJsonSchema } from '../events/json-schema.ts';
import { payloadTypes } from '../events/payloads.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { formatTable } from './table.ts';

const options = {
  list: { type: 'boolean', description: 'List the types of event with their groups instead.' },
} as const;

export const schema = defineCommand({
  name: 'schema',
  summary: 'Print the JSON Schema of every event',
  usage: '[options] [TYPE]',
  details: ['JSON Schema, draft 2020-12, of palate.event.v1.Event in JSON; or of the payload of one type.'],
  options,
  examples: [
    { command: 'palate schema', does: 'the whole event, every type under $defs' },
    { command: 'palate schema item_viewed', does: 'one type' },
    { command: 'palate schema --list', does: 'the 34 types' },
  ],
  positionals: { min: 0, max: 1 },
  run,
});

async function run({ values, positionals: [type], stdout }: CommandContext<typeof options>): Promise<void> {
  if (values.list) {
    const rows = payloadTypes.map(({ name, group, number }) => [name, group, String(number)]);
    stdout.write(formatTable([{ title: 'type' }, { title: 'group' }, { title: 'field', align: 'right' }], rows));
    return;
  }
  stdout.write(`${JSON.stringify(type === undefined ? eventJsonSchema() : payloadSchema(type), null, 2)}\n`);
}

function payloadSchema(type: string): object {
  const found = payloadTypes.find(({ name, localName }) => name === type || localName === type);
  const message = found?.field.message;
  if (message === undefined)
    throw new PalateError('USAGE', `There is no event type "${type}"; see palate schema --list.`);
  const { $schema, $defs } = eventJsonSchema() as { $schema: string; $defs: Record<string, object> };
  return { $schema, title: found?.name, ...$defs[message.typeName], $defs };
}
