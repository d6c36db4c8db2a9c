/** What is left of somebody in files. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Which files of a folder hold these bytes. One that is gone meanwhile counts as one that does. */
export async function filesWith(folder: string, bytes: Buffer | string): Promise<string[]> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name));
  const holds = paths.map((path) =>
    readFile(path).then(
      (content) => content.includes(bytes),
      () => true,
    ),
  );
  const held = await Promise.all(holds);
  return paths.filter((_, index) => held[index]);
}
