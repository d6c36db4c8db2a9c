import { type Condition, compileCondition } from './condition.ts';

/** Gives the compiled form of a text, from memory where it can. */
export type CompileCondition = (text: string) => Condition;

/**
 * Compiles each text once, and keeps the `capacity` that were used last: apps send the same few filters over and over.
 * A text that does not compile is not kept.
 */
export function createConditionCache(capacity = 256): CompileCondition {
  const kept = new Map<string, Condition>();
  return (text) => {
    const condition = kept.get(text) ?? compileCondition(text);
    kept.delete(text);
    kept.set(text, condition);
    if (kept.size > capacity) kept.delete(kept.keys().next().value!);
    return condition;
  };
}
