/**
 * The conformance suite of Connect and gRPC, https://github.com/connectrpc/conformance, against both ports. Its service cannot
 * bring the details that the cases ask for, as Palate's own errors go with an `ErrorInfo`: what it says of details is left out.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findGo, installGoProgram } from '../../scripts/go-install.ts';
import { runProgram } from './run-program.ts';

const version = '1.0.5';
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const cache = here('../../.cache/conformance');
const runner = join(cache, `connectconformance-${version}`);
const descriptors = join(cache, `conformance-${version}.binpb`);

installGoProgram(`connectrpc.com/conformance/cmd/connectconformance@v${version}`, runner);
if (!existsSync(descriptors)) describe();

/** What is not as the suite wants it, and why. */
const explained: Readonly<Record<'http' | 'grpc', readonly string[]>> = {
  http: [
    // An unknown method is `unimplemented`, whose HTTP status is 501 by Connect's own table.
    'Connect Unexpected Requests/HTTPVersion:1/TLS:false/unexpected-uri',
  ],
  grpc: [
    // Too few or too many requests are the caller's mistake: INVALID_ARGUMENT.
    'gRPC Unexpected Requests/HTTPVersion:2/TLS:false/server-stream/multiple-requests',
    'gRPC Unexpected Requests/HTTPVersion:2/TLS:false/server-stream/no-request',
    'gRPC Unexpected Requests/HTTPVersion:2/TLS:false/unary/multiple-requests',
    'gRPC Unexpected Requests/HTTPVersion:2/TLS:false/unary/no-request',
    // grpc-js takes these, where others refuse them.
    'gRPC Unexpected Requests/HTTPVersion:2/TLS:false/unexpected-codec',
    'gRPC Unexpected Requests/HTTPVersion:2/TLS:false/unexpected-compressed-message',
    'gRPC Unexpected Requests/HTTPVersion:2/TLS:false/unexpected-compression',
    'gRPC Unexpected Requests/HTTPVersion:2/TLS:false/unexpected-verb',
  ],
};

const cases = { http: 600, grpc: 372 } as const;

for (const port of ['http', 'grpc'] as const) {
  test(`the ${port} port`, { timeout: 200_000 }, async (t) => {
    const server = [process.execPath, here('./conformance/server.ts'), descriptors, port];
    const options = ['--mode', 'server', '--conf', here(`./conformance/${port}.yaml`), '--', ...server];
    const { stdout, stderr } = await runProgram(runner, options, '', 180_000);
    const output = stdout + stderr;
    assert.match(output, new RegExp(`^Total cases: ${cases[port]}$`, 'm'), output.slice(-2_000));
    const failed = complaints(output);
    t.diagnostic(`${cases[port] - failed.size} of ${cases[port]} cases pass`);
    const names = new Set(explained[port]);
    assert.deepEqual(new Map([...failed].filter(([name]) => !names.has(name))), new Map());
    assert.deepEqual(
      [...names].filter((name) => !failed.has(name)),
      [],
      'these pass by now',
    );
  });
}

/** What the runner has to say of each case, but for what is about details. */
function complaints(output: string): ReadonlyMap<string, readonly string[]> {
  const failed = new Map<string, string[]>();
  for (const block of output.split(/^FAILED: /m).slice(1)) {
    const [name = '', ...lines] = block.split('\n');
    const said = lines
      .filter((line) => /^\t(; )?[a-z]/.test(line))
      .map((line) => line.trim().replace(/^; /, ''))
      .filter((line) => !aboutDetails.test(line));
    if (said.length > 0) failed.set(name.replace(/:$/, ''), said);
  }
  return failed;
}

/** grpc-js writes `grpc-status-details-bin` with padding, which readers have to take. */
const aboutDetails =
  /^actual error detail|^actual error contain \d+ details|could not check debug data|value with padding/;

/** The suite's contracts, from its module. */
function describe(): void {
  const options = ['mod', 'download', '-json', `connectrpc.com/conformance@v${version}`];
  const { Dir } = JSON.parse(execFileSync(findGo(), options, { encoding: 'utf8' })) as { Dir: string };
  execFileSync(here('../../node_modules/.bin/buf'), ['build', join(Dir, 'proto'), '--output', descriptors]);
}
