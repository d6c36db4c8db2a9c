/** `palate token`: a new token, and the hash by which a server knows it. */
import { text } from 'node:stream/consumers';
import { digestOf, newToken, parseBearer } from '../access/bearer.ts';
import { type CommandContext, defineCommand } from './command.ts';

const options = {
  stdin: { type: 'boolean', description: 'Hash the token on standard input instead of making a new one.' },
  json: { type: 'boolean', description: 'Print them as JSON.' },
} as const;

export const token = defineCommand({
  name: 'token',
  summary: 'Make a token, with the hash that the configuration of a server has',
  usage: '[options]',
  details: [
    'The token goes to the caller, who sends it as "authorization: Bearer …"; the hash goes into access.tokens of the ' +
      'server, with the tenants and the roles of the token. Neither is kept anywhere.',
  ],
  options,
  examples: [
    { command: 'palate token', does: 'a new one, of 256 random bits' },
    { command: 'palate token --stdin < token.txt', does: 'the hash of one that is there' },
  ],
  run,
});

async function run({ values, stdin, stdout }: CommandContext<typeof options>): Promise<void> {
  const made = values.stdin ? parseBearer(`Bearer ${(await text(stdin)).trim()}`, maxTokenBytes) : newToken();
  const sha256 = digestOf(made);
  if (values.json) stdout.write(`${JSON.stringify(values.stdin ? { sha256 } : { token: made, sha256 })}\n`);
  else stdout.write(`${values.stdin ? '' : `token   ${made}\n`}sha256  ${sha256}\n`);
}

/** What a server takes at most, whatever it is configured to. */
const maxTokenBytes = 65_536;
