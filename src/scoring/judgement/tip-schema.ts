/** What may stand in a file of tips. */
import * as z from 'zod';
import { weekdays } from './tip-situation.ts';

const share = z.number().min(0).max(1);
const score = z.number().min(1).max(5);
/** By name, surest first: `{ Pizza: 0.9, Burger: 0.1 }`. */
const labels = z.record(z.string().min(1), share);
const meal = z.strictObject({
  score: score.default(3),
  hours_ago: z.number().min(0).default(24),
  labels: labels.default({}),
});

/** A situation; what is left out is an ordinary lunch. */
const situation = z.strictObject({
  labels: labels.default({}),
  score: score.default(3),
  uncertainty: share.default(0),
  hour: z.int().min(0).max(23).default(12),
  weekday: z.enum(weekdays).default('wednesday'),
  meals: z.array(meal).max(64).default([]),
});

const example = z.strictObject({ with: situation, applies: z.boolean() });

const rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: 'it must be words of a-z and 0-9, joined by "-"' }),
  when: z.string().min(1),
  priority: z.int().min(0).max(1_000),
  texts: z
    .array(z.string().regex(/\S/, { error: 'it must not be empty' }).max(500))
    .min(1)
    .max(20),
  examples: z.array(example).max(50),
});

export const tipFileSchema = z.strictObject({ rules: z.array(rule).min(1).max(200) });

export type TipRuleEntry = z.output<typeof rule>;
export type TipExampleEntry = z.output<typeof example>;
