/** What may stand in a `model.yaml`. */
import * as z from 'zod';
import { transports } from '../providers/remote/target.ts';

const meaning = z.string().optional();
const dynamic = z.literal('n', { error: 'it must be n: the model takes batches of any size' });
const length = z.int().min(1).max(65_536);

const output = z.strictObject({ type: z.literal('float32'), shape: z.tuple([dynamic, length]), meaning });
const single = z.strictObject({ type: z.literal('float32'), shape: z.tuple([dynamic, z.literal(1)]), meaning });

const input = z.strictObject({
  name: z.string().min(1),
  type: z.literal('uint8'),
  shape: z.tuple([dynamic, z.int().min(1).max(4_096), z.int().min(1).max(4_096), z.literal(3)]),
  layout: z.literal('NHWC'),
  colours: z.literal('RGB'),
  fit: z.enum(['cover', 'fill']),
  kernel: z.enum(['nearest', 'linear', 'cubic', 'mitchell', 'lanczos2', 'lanczos3']),
});

/** Outputs beside `labels` may be missing. Scores come of these four; all are answered to who asks for tensors. */
const outputs = z
  .object({ labels: output, food: single.optional(), energy: single.optional(), embedding: output.optional() })
  .catchall(output);

/** Names and versions; the latter are names of folders. */
export const wordPattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;
export const word = z.string().regex(wordPattern, { error: 'it must be 1 to 63 of a-z, 0-9, ".", "_", "-"' });

export const version = z.union([z.int().min(0).transform(String), word]);

export const addressPattern = /^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/;
const address = z.string().regex(addressPattern, { error: 'it must be host:port' });

/** Servers of the Open Inference Protocol that run the model in place of this process. */
const remote = z.strictObject({
  addresses: z.array(address).min(1).max(64).optional(),
  model: z.string().min(1).optional(),
  version: z.union([z.int().min(0).transform(String), z.string()]).optional(),
  transport: z.enum(transports).optional(),
});

export const manifestSchema = z
  .strictObject({
    name: word,
    version,
    versions: z.union([z.literal('all'), z.array(version).min(1)]).optional(),
    format: z.literal('onnx'),
    input,
    outputs,
    classes: z.string().regex(/^[^/\\]+\.csv$/, { error: 'it must be a .csv file in the same folder' }),
    food_threshold: z.number().min(0).max(1),
    remote: remote.optional(),
  })
  .refine(({ input: { shape } }) => shape[1] === shape[2], { path: ['input', 'shape'], error: 'it must be square' });

/** A `model.yaml` that was checked. */
export type ManifestFile = z.output<typeof manifestSchema>;

/** How an image becomes the model's input. */
export type Fit = ManifestFile['input']['fit'];
export type Kernel = ManifestFile['input']['kernel'];
