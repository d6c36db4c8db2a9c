/** Keeps the tallies while a journal is replayed. Its owner is `tally-thread.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { goBehind } from '../../threads/go-behind.ts';
import { addUp, createTallies, type KeptTallies, persistTallies } from '../fold/tallies.ts';
import type { Section } from '../snapshots/archive-reader.ts';
import { ArchiveWriter } from '../snapshots/archive-writer.ts';
import type { FromTallies, TallyData, ToTallies } from './messages.ts';

goBehind();

const { settings } = workerData as TallyData;
const byTenant = new Map<string, KeptTallies>();
/** By their places. */
const rows = new Map<number, Float64Array>();

parentPort!.on('message', (message: ToTallies) => {
  if ('isOver' in message) handOver();
  else addRow(message);
});

function addRow({ tenant, place, length, memory }: Extract<ToTallies, { place: number }>): void {
  if (memory !== undefined) rows.set(place, memory);
  addUp(talliesOf(tenant), rows.get(place)!, length);
  send({ place }, []);
}

function talliesOf(tenant: string): KeptTallies {
  const known = byTenant.get(tenant);
  if (known !== undefined) return known;
  const tallies = createTallies(settings);
  byTenant.set(tenant, tallies);
  return tallies;
}

/** Their memory changes hands: nothing may be added up afterwards. */
function handOver(): void {
  const tallies = new Map([...byTenant].map(([tenant, kept]) => [tenant, sectionsOf(kept)]));
  const buffers = [...tallies.values()].flatMap((sections) => [...sections.values()].map(({ content }) => content));
  send({ tallies }, buffers);
}

function sectionsOf(tallies: KeptTallies): Map<string, Section> {
  const sections = new Map<string, Section>();
  const archive = new ArchiveWriter((name, type, content) => sections.set(name, { type, content: ownBuffer(content) }));
  persistTallies(tallies, archive);
  return sections;
}

/** Most are whole buffers, which need no copy. */
function ownBuffer(content: Uint8Array): ArrayBuffer {
  const { buffer } = content;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === content.byteLength) return buffer;
  return new Uint8Array(content).buffer;
}

function send(message: FromTallies, transfer: ArrayBuffer[]): void {
  parentPort!.postMessage(message, transfer);
}
