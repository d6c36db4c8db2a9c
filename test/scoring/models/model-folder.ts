import { mkdtempSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The model that Palate ships. */
export const foodFolder = fileURLToPath(new URL('../../../models/food', import.meta.url));

/** A test, or `{ after }` of node:test for a whole file. */
export interface Scope {
  after(release: () => Promise<void>): void;
}

/** A folder of its own for a test. */
export function temporaryFolder(test: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'palate-model-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A copy of the shipped model's descriptions, without its weights, in which `model.yaml` or the classes are edited. */
export async function editedFood(
  folder: string,
  edit: { yaml?: (text: string) => string; classes?: (text: string) => string },
): Promise<string> {
  for (const [name, change] of [
    ['model.yaml', edit.yaml],
    ['classes.csv', edit.classes],
  ] as const) {
    const text = await readFile(join(foodFolder, name), 'utf8');
    await writeFile(join(folder, name), change === undefined ? text : change(text));
  }
  return folder;
}

/** A model of two classes and 2 × 2 pixels for `toy.worker.ts`, in `folder/name`. No versions: without weights. */
export async function toyModel(folder: string, name: string, versions: readonly string[]): Promise<string> {
  const home = join(folder, name);
  await mkdir(home);
  for (const version of versions) {
    await mkdir(join(home, version), { recursive: true });
    await writeFile(join(home, version, 'model.onnx'), `weights of ${name} ${version}`);
  }
  await writeFile(join(home, 'classes.csv'), 'name,kind,score\nApple,grocery,5\nOther,other,\n');
  await writeFile(
    join(home, 'model.yaml'),
    `name: ${name}
version: ${versions[0] ?? 1}
format: onnx
input: { name: image, type: uint8, shape: [n, 2, 2, 3], layout: NHWC, colours: RGB, fit: cover, kernel: cubic }
outputs: { labels: { type: float32, shape: [n, 2] } }
classes: classes.csv
food_threshold: 0.5
`,
  );
  return home;
}
