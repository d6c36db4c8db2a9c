import type { Span } from '../../telemetry/tracing/tracer.ts';

/**
 * The span of a batch: below the first of its members that are recorded, with links to all of them, as a span has one parent
 * only; the others link back. Undefined: none of them is.
 */
export function startBatchSpan(
  jobs: readonly { readonly span: Span | undefined }[],
  images: number,
  worker: string,
): Span | undefined {
  const first = jobs.find(({ span }) => span !== undefined)?.span;
  if (first === undefined) return undefined;
  const links = jobs.flatMap(({ span }) => (span === undefined ? [] : [span]));
  const attributes = { 'palate.batch.images': images, 'palate.batch.jobs': jobs.length, 'palate.worker': worker };
  const batch = first.child('batch', { links, attributes });
  if (batch !== undefined) for (const member of links) if (member !== first) member.link(batch);
  return batch;
}
