/** Sizes that must fit together: what may come in at one place has to fit through those after it. */
import { formatSize } from './units.ts';

interface Sizes {
  readonly rpc: { readonly maxReceiveBytes: number; readonly maxSendBytes: number };
  readonly journal: { readonly maxPendingBytes: number };
  readonly ingest: { readonly maxEventBytes: number };
  readonly scoring: { readonly images: { readonly maxBytes: number; readonly maxUnderWayBytes: number } };
  readonly peers: { readonly addresses: readonly string[] };
}

/** What stands beside an event in a record, a group of the journal, or an answer of `Subscribe`, with room to spare. */
const aroundEvent = 65_536;
/** Of a message that is passed on, whatever its process takes: see `rpc/mesh/peer.ts`. */
const largestForwarded = 67_108_864;

/** `fail` is told of each pair that does not fit: at the start, for later it would be a surprise. */
export function checkMessageSizes(
  { rpc, journal, ingest, scoring, peers }: Sizes,
  fail: (path: readonly string[], message: string) => void,
): void {
  const { maxEventBytes } = ingest;
  if (maxEventBytes >= rpc.maxReceiveBytes) {
    fail(['ingest', 'maxEventBytes'], 'it must be less than rpc.maxReceiveBytes');
  }
  const room = `${formatSize(aroundEvent)} less than`;
  if (maxEventBytes > rpc.maxSendBytes - aroundEvent) {
    const trap = 'a larger event would be taken in, and then end every Subscribe that comes to it';
    fail(['ingest', 'maxEventBytes'], `it must be at least ${room} rpc.maxSendBytes: ${trap}`);
  }
  if (maxEventBytes > journal.maxPendingBytes - aroundEvent) {
    const trap = 'a larger event could never be written';
    fail(['ingest', 'maxEventBytes'], `it must be at least ${room} journal.maxPendingBytes: ${trap}`);
  }
  const { images } = scoring;
  if (images.maxBytes > images.maxUnderWayBytes) {
    const trap = 'no photo would be fetched from an address';
    fail(['scoring', 'images', 'maxBytes'], `it must not exceed scoring.images.maxUnderWayBytes: ${trap}`);
  }
  if (peers.addresses.length > 0 && rpc.maxReceiveBytes > largestForwarded) {
    const most = formatSize(largestForwarded);
    fail(['rpc', 'maxReceiveBytes'], `it must not exceed ${most} beside peers.addresses: no more can be passed on`);
  }
}
