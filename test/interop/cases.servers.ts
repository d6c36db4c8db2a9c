/**
 * gRPC's interop cases, https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md, by the clients that grpc-go and
 * grpc-java publish for them. The latter has those of compression, which the former leaves out.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installGoProgram } from '../../scripts/go-install.ts';
import { temporaryFolder } from '../servers/palate-process.ts';
import { runProgram } from './run-program.ts';
import { startProgram } from './start-program.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const cache = here('../../.cache/interop');
const goClient = join(cache, 'client-1.80.0');
const javaClient = join(cache, 'java-1.78.0');
const descriptors = join(await temporaryFolder({ after }), 'testing.binpb');

installGoProgram('google.golang.org/grpc/interop/client@v1.80.0', goClient);
getJavaClient();
await describe();
const server = await startProgram({ after }, './cases/server.ts', [descriptors]);
const [host = '', port = ''] = server.grpc.split(':');

const byGo = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
];
for (const name of byGo) {
  test(`grpc-go: ${name}`, async () => {
    const { code, stderr } = await runProgram(goClient, [
      `-server_host=${host}`,
      `-server_port=${port}`,
      `-test_case=${name}`,
    ]);
    assert.equal(code, 0, stderr);
  });
}

const byJava = [
  'client_compressed_unary',
  'server_compressed_unary',
  'client_compressed_streaming',
  'server_compressed_streaming',
];
for (const name of byJava) {
  test(`grpc-java: ${name}`, async () => {
    const classes = ['-cp', join(javaClient, '*'), 'io.grpc.testing.integration.TestServiceClient'];
    const options = [`--server_host=${host}`, `--server_port=${port}`, '--use_tls=false', `--test_case=${name}`];
    const { code, stdout, stderr } = await runProgram('java', [...classes, ...options]);
    assert.equal(code, 0, stdout + stderr);
  });
}

/** The client and what it needs, from Maven Central, once. */
function getJavaClient(): void {
  const done = join(javaClient, 'contracts', 'grpc', 'testing', 'test.proto');
  if (existsSync(done)) return;
  mkdirSync(javaClient, { recursive: true });
  const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const options = [copy, `-DoutputDirectory=${javaClient}`, '-DincludeScope=runtime'];
  execFileSync('mvn', ['--quiet', '--batch-mode', '--file', here('./cases/pom.xml'), ...options], { stdio: 'inherit' });
  mkdirSync(join(javaClient, 'contracts'), { recursive: true });
  const jar = join(javaClient, 'grpc-interop-testing-1.78.0.jar');
  execFileSync('jar', ['--extract', '--file', jar, 'grpc/testing'], { cwd: join(javaClient, 'contracts') });
}

/** The test service's contract, which the jar of the client has. */
async function describe(): Promise<void> {
  const options = [
    'build',
    join(javaClient, 'contracts'),
    '--path',
    join(javaClient, 'contracts/grpc/testing/test.proto'),
  ];
  const { code, stderr } = await runProgram(here('../../node_modules/.bin/buf'), [...options, '--output', descriptors]);
  assert.equal(code, 0, stderr);
}
