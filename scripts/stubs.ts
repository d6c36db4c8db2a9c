/**
 * `npm run stubs -- LANGUAGE FOLDER`: clients of Palate's services in another language, generated into `FOLDER/gen` by the
 * template `buf.gen.LANGUAGE.yaml`. What the template needs is got from the language's own registry into `.cache/`, once.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installGoProgram } from './go-install.ts';
import { pythonVenv } from './python-venv.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = join(root, '.cache', 'stubs');

/** Sees to the plugins of a language. Each returns the folder that has them. */
const plugins: Readonly<Record<string, () => string>> = {
  go() {
    const folder = join(tools, 'go');
    installGoProgram('google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12', join(folder, 'protoc-gen-go'));
    installGoProgram('google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.1', join(folder, 'protoc-gen-go-grpc'));
    return folder;
  },
  java() {
    const folder = join(tools, 'java');
    getMavenProgram('com.google.protobuf:protoc:4.33.2', join(folder, 'protoc'));
    getMavenProgram('io.grpc:protoc-gen-grpc-java:1.78.0', join(folder, 'protoc-gen-grpc-java'));
    return folder;
  },
  python: () => pythonVenv('stubs-python', join(root, 'test/interop/python/requirements.txt')),
  haskell: () => join(root, 'node_modules/.bin'),
  web: () => join(root, 'node_modules/.bin'),
};

/** Generates the stubs of a language into `folder/gen`. Returns the folder of its plugins. */
export function generateStubs(language: string, folder: string): string {
  const getPlugins = plugins[language];
  if (getPlugins === undefined) {
    throw new Error(`no template for ${language}: there are ${Object.keys(plugins).join(', ')}`);
  }
  const programs = getPlugins();
  const env = { ...process.env, PATH: `${programs}:${join(root, 'node_modules/.bin')}:${process.env['PATH']}` };
  const template = ['--template', `buf.gen.${language}.yaml`, '--output', resolve(folder)];
  execFileSync('buf', ['generate', ...template], { cwd: root, env, stdio: 'inherit' });
  return programs;
}

/** Programs in Maven Central are artefacts of the type `exe`, one a platform. */
function getMavenProgram(artifact: string, file: string): void {
  if (existsSync(file)) return;
  const built = `${file}-building`;
  const platform = `linux-${process.arch === 'arm64' ? 'aarch_64' : 'x86_64'}`;
  const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
  const options = [`-Dartifact=${artifact}:exe:${platform}`, `-DoutputDirectory=${built}`];
  execFileSync('mvn', ['--quiet', '--batch-mode', copy, ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [name = ''] = readdirSync(built);
  chmodSync(join(built, name), 0o755);
  renameSync(join(built, name), file);
  rmSync(built, { recursive: true });
}

if (import.meta.main) {
  const [language = '', folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: npm run stubs -- LANGUAGE FOLDER');
  generateStubs(language, folder);
}
