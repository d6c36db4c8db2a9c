import { type CelEnv, CelScalar, type CelType, celEnv, listType, mapType } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

/** What a value is, as far as it is known before any is seen. */
export type FieldType = 'text' | 'number' | 'list' | 'map';

/** What a name stands for. Where `fields` or `elements` are absent, anything may be in it. */
export interface Meaning {
  readonly type: FieldType;
  /** Of a map: the only keys that it has. */
  readonly fields?: Readonly<Record<string, Meaning>>;
  /** Of a list: what each of its elements is. */
  readonly elements?: Meaning;
  /** Of a list: how many elements it has at most. Who gives the values keeps to it: costs are estimated by it. */
  readonly maxLength?: number;
}

/** The names that a kind of expression may use, with what they stand for. */
export type Names = Readonly<Record<string, Meaning>>;

/** Names, and the evaluator's environment for them. */
export interface Vocabulary {
  readonly names: Names;
  readonly env: CelEnv;
}

/** Of the extension on texts only what cannot make a list or text longer than its input: the cost is estimated on that. */
const textFunctions = ['lowerAscii', 'upperAscii', 'trim', 'charAt', 'indexOf', 'lastIndexOf', 'substring'];

/** Names with the standard functions of CEL, and some on texts. */
export function createVocabulary(names: Names): Vocabulary {
  const variables = Object.fromEntries(Object.entries(names).map(([name, meaning]) => [name, celTypes[meaning.type]]));
  return { names, env: celEnv({ variables, funcs: strings.filter(({ name }) => textFunctions.includes(name)) }) };
}

/** Numbers are of two kinds in CEL; which one a caller hands over is not fixed here. */
const celTypes: Readonly<Record<FieldType, CelType>> = {
  text: CelScalar.STRING,
  number: CelScalar.DYN,
  list: listType(CelScalar.DYN),
  map: mapType(CelScalar.STRING, CelScalar.DYN),
};
