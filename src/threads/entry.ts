/**
 * The file of a worker that lies beside its owner: `.ts` where the sources run as they stand, `.js` where they were built.
 * `ownerUrl`: `import.meta.url`; `name` without an ending, as in `./shadow.worker`.
 */
export function entryBeside(ownerUrl: string, name: string): URL {
  return new URL(name + ownerUrl.slice(ownerUrl.lastIndexOf('.')), ownerUrl);
}
