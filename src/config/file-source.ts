/** The configuration's first source: a YAML file, read with the line of each of its keys. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { PalateError } from '../errors.ts';
import { isTree, type Layer, type Origin } from './tree.ts';

/** The file that is read where none is named, if it is there. */
export const defaultFile = 'palate.yaml';

/** Reads the named file, which must exist, or `palate.yaml` of `folder` if there is one. Throws CONFIG_INVALID. */
export function readFileSource(
  file: string | undefined,
  folder: string,
): Layer & { readonly file: string | undefined } {
  const found = file ?? (existsSync(join(folder, defaultFile)) ? defaultFile : undefined);
  if (found === undefined) return { tree: {}, origins: new Map(), file: undefined };
  let source: string;
  try {
    source = readFileSync(file ?? join(folder, defaultFile), 'utf8');
  } catch (cause) {
    throw new PalateError('CONFIG_INVALID', `the configuration file ${found} cannot be read: ${reasonOf(cause)}.`, {
      cause,
    });
  }
  return { ...parseFile(source, found), file: found };
}

/** Parses YAML; `name` stands in the origins. */
export function parseFile(source: string, name: string): Layer {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const at = lines.linePos(problem.pos[0]);
    throw new PalateError('CONFIG_INVALID', `${name}:${at.line}:${at.col} is not YAML: ${problem.message}`, {
      cause: problem,
    });
  }
  const tree: unknown = toPlain(document, name) ?? {};
  if (!isTree(tree)) {
    throw new PalateError('CONFIG_INVALID', `${name} must be a map of keys such as "port: 50051".`);
  }
  const origins = new Map<string, Origin>([['', name]]);
  noteLines(document.contents, [], (path, node) => {
    const offset = node.range?.[0];
    if (offset !== undefined) origins.set(path.join('.'), `${name}:${lines.linePos(offset).line}`);
  });
  return { tree, origins };
}

function toPlain(document: Document.Parsed, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new PalateError('CONFIG_INVALID', `${name} is not usable YAML: ${reasonOf(cause)}.`, { cause });
  }
}

/** Tells of each key's and element's node. An alias stands for itself: its own line is the useful one. */
function noteLines(node: unknown, path: readonly string[], note: (path: readonly string[], node: Node) => void): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const below = [...path, String(key.value)];
      note(below, key);
      noteLines(value, below, note);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const below = [...path, String(index)];
      if (isScalar(item) || isMap(item) || isSeq(item) || isAlias(item)) note(below, item);
      noteLines(item, below, note);
    }
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
