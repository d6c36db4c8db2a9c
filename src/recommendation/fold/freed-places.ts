import type { Archive } from './archive.ts';

/** Writes the places that were given back, by their sizes, or reads them: the last one of a size is used first. */
export function persistFree(archive: Archive, free: Map<number, number[]>): void {
  archive.records(
    'free',
    (out) =>
      out.list(free, free.size, ([size, places]) => {
        out.number(size);
        out.list(places, places.length, (place) => out.number(place));
      }),
    (from) =>
      from.times(() =>
        free.set(
          from.number(),
          from.list(() => from.number()),
        ),
      ),
  );
}
