/** `buf curl`: gRPC by reflection alone, Connect and gRPC-Web by the contracts. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { servePalate } from '../servers/palate-process.ts';
import { type Example, examples, readMessages } from './every-method.ts';
import { runProgram } from './run-program.ts';

const server = await servePalate({ after });
const repository = fileURLToPath(new URL('../..', import.meta.url));
const buf = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));

async function bufCurl(
  { method, requests, check }: Example,
  address: string,
  ...args: readonly string[]
): Promise<void> {
  const input = requests().map((request) => JSON.stringify(request));
  const url = `http://${address}/${method}`;
  const { code, stdout, stderr } = await runProgram(buf, ['curl', ...args, '-d', '@-', url], input.join('\n'));
  assert.equal(code, 0, stderr);
  check(readMessages(stdout));
}

for (const example of examples) {
  test(`gRPC, by reflection: ${example.method}`, () =>
    bufCurl(example, server.grpc, '--protocol', 'grpc', '--http2-prior-knowledge'));
}

for (const protocol of ['connect', 'grpcweb']) {
  test(`${protocol} on the HTTP port: every method that HTTP/1.1 can carry`, async () => {
    const carried = examples.filter(({ kind }) => kind !== 'duplex');
    for (const example of carried) await bufCurl(example, server.http, '--protocol', protocol, '--schema', repository);
  });
}
