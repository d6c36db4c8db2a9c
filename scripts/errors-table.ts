/**
 * Writes `docs/errors.md` from the closed list in `src/errors.ts`: `node scripts/errors-table.ts`. A test checks that the
 * file and the list agree.
 */
import { writeFileSync } from 'node:fs';
import { reasons, statusCodes } from '../src/errors.ts';

/** The whole text of `docs/errors.md`. */
export function errorsPage(): string {
  const rows = Object.entries(reasons).map(([reason, { code, retryable, advice }]) => {
    const cells = [`\`${reason}\``, `${code} (${statusCodes[code]})`, retryable ? 'yes' : 'no', advice];
    return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `${[...opening, ...rows].join('\n')}\n`;
}

const opening = [
  '# Errors',
  '',
  'Generated from `src/errors.ts` by `node scripts/errors-table.ts`.',
  '',
  'A failed call ends with a `google.rpc.Status`. Its `ErrorInfo` has the domain `palate` and one of these reasons;',
  '`BadRequest` names the fields that broke a rule, and `RetryInfo` is there where a retry helps. The same reasons stand',
  'in `rejected[].reason` of a batch. Branch on the reason, not on the message: a reason keeps its name and its code.',
  '',
  '| Reason | gRPC code | Retry | What to do |',
  '| --- | --- | --- | --- |',
];

if (import.meta.main) writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
