/** The example client in Java, which Maven builds from the contracts; and the template that makes the same stubs. */

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateStubs } from '../../scripts/stubs.ts';
import { temporaryFolder } from '../servers/palate-process.ts';
import { runProgram } from './run-program.ts';
import { photo, setStage, tellsStory } from './story.ts';

const folder = fileURLToPath(new URL('./java', import.meta.url));
const maven = ['--quiet', '--batch-mode', '--file', join(folder, 'pom.xml'), 'package'];
// On a bare machine it first downloads all that a build with Maven takes.
const built = await runProgram('mvn', maven, '', 240_000);
assert.equal(built.code, 0, `${built.stdout}${built.stderr}`);
const { palate, unready } = await setStage({ after });
const args = ['-jar', join(folder, 'target/client.jar'), palate.grpc, photo, unready.grpc];
tellsStory(await runProgram('java', args));

test('the template makes the stubs that the build makes', async (t) => {
  const generated = await temporaryFolder(t);
  generateStubs('java', generated);
  const made = await sourcesIn(join(generated, 'gen'));
  const sources = join(folder, 'target/generated-sources/protobuf');
  const [messages, services] = await Promise.all(['java', 'grpc-java'].map((part) => sourcesIn(join(sources, part))));
  assert.deepEqual(made, [...messages!, ...services!].sort());
  const options = ['-proc:none', '-nowarn', '-d', join(generated, 'classes'), '-cp', join(folder, 'target/lib/*')];
  const files = made.map((path) => join(generated, 'gen', path));
  const { code, stderr } = await runProgram('javac', [...options, ...files]);
  assert.equal(code, 0, stderr);
});

async function sourcesIn(root: string): Promise<string[]> {
  return (await readdir(root, { recursive: true })).filter((path) => path.endsWith('.java')).sort();
}
