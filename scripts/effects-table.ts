/**
 * Writes the table *event → what it changes* into ARCHITECTURE.md, from `src/recommendation/fold/effects.ts`:
 * `node scripts/effects-table.ts`. A test checks that they agree.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { EventSchema } from '../gen/palate/event/v1/event_pb.ts';
import { effects } from '../src/recommendation/fold/effects.ts';
import type { PayloadCase } from '../src/recommendation/fold/event-types.ts';

const architecture = new URL('../ARCHITECTURE.md', import.meta.url);
const begin = '<!-- effects: written by scripts/effects-table.ts -->\n';
const end = '<!-- end of effects -->\n';

/** A line a type, in the order of the contract. */
export function effectsTable(): string {
  const payloads = EventSchema.fields.filter((field) => field.oneof?.name === 'payload');
  const rows = payloads.map((field) => `| \`${field.name}\` | ${effects[field.localName as PayloadCase]} |`);
  return `${['| Event | What it changes |', '| --- | --- |', ...rows].join('\n')}\n`;
}

/** The part of the page between the marks. Throws an Error where they are missing. */
export function tableIn(page: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`ARCHITECTURE.md has lost its marks: ${begin}`);
  return page.slice(from + begin.length, to);
}

if (import.meta.main) {
  const page = readFileSync(architecture, 'utf8');
  writeFileSync(
    architecture,
    page.replace(begin + tableIn(page), () => begin + effectsTable()),
  );
}
