/** Which tensors a model is sent: what its metadata says, or what the caller says instead. */

import { PalateError } from '../../src/errors.ts';
import { datatypes } from './datatypes.ts';
import type { ServedModel } from './served-model.ts';

/** A tensor as it is sent. */
export interface SentTensor {
  readonly name: string;
  readonly datatype: string;
  /** Every dimension is 1 or more. */
  readonly shape: readonly number[];
}

/** `NAME:DATATYPE:D1,D2…`, several joined by `;`. Throws USAGE. */
export function parseTensors(text: string): readonly SentTensor[] {
  return text.split(';').map((part) => {
    const [, name, datatype = '', dims = ''] = /^(.+):([A-Z0-9]+):([\d,]+)$/.exec(part.trim()) ?? [];
    const shape = dims.split(',').map(Number);
    if (name === undefined) throw wrong(part, 'it is no NAME:DATATYPE:D1,D2…');
    if (!datatypes.includes(datatype)) throw wrong(part, `the datatypes are ${datatypes.join(', ')}`);
    if (!shape.every((length) => length >= 1)) throw wrong(part, 'every dimension is 1 or more');
    return { name, datatype, shape };
  });
}

/**
 * The inputs of a model for requests of so many images or rows: its first dimension, where the model leaves it open. Throws USAGE where the
 * metadata does not say enough, or the model takes no such batches.
 */
export function tensorsOf(model: ServedModel, batch: number): readonly SentTensor[] {
  if (model.inputs.length === 0) {
    throw new PalateError('USAGE', `The metadata of ${model.name} names no inputs: say what to send by --inputs.`);
  }
  if (model.maxBatch !== undefined && batch > Math.max(1, model.maxBatch)) {
    const most = Math.max(1, model.maxBatch);
    throw new PalateError('USAGE', `--batch ${batch}: ${model.name} takes at most ${most} in one request.`);
  }
  return model.inputs.map(({ name, datatype, shape }) => {
    const [first = 1, ...rest] = shape;
    if (batch > 1 && first !== -1) {
      throw new PalateError('USAGE', `--batch ${batch}: the first dimension of ${name} is ${first}, not open.`);
    }
    if (rest.some((length) => length < 1)) {
      const given = `${name}:${datatype}:${[first === -1 ? batch : first, ...rest].join()}`;
      const problem = `The shape of ${name} is open ([${shape.join()}]): give it by --inputs, such as --inputs ${given} with a number for each -1`;
      throw new PalateError('USAGE', `${problem}.`);
    }
    return { name, datatype, shape: [first === -1 ? batch : first, ...rest] };
  });
}

function wrong(part: string, problem: string): PalateError {
  const example = 'such as image:UINT8:1,224,224,3';
  return new PalateError('USAGE', `--inputs takes tensors ${example}, not ${JSON.stringify(part)}: ${problem}.`);
}
