import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What a name server knows of a name: its addresses, that there is no such name, or nothing to be heard. */
export type Answer = { readonly v4?: readonly string[]; readonly v6?: readonly Uint8Array[] } | 'none' | 'silence';

export interface NameServer {
  /** As `askNameServers` takes it. */
  readonly address: string;
  close(): Promise<void>;
}

const typeA = 1;
const noSuchName = 3;

/** A name server on loopback, RFC 1035 as far as it is needed: one question, answers of the type that was asked for. */
export async function startNameServer(answers: Readonly<Record<string, Answer>>): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, end } = questionOf(query);
    const answer = answers[name] ?? 'none';
    if (answer !== 'silence') socket.send(response(query, end, answer), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
}

function response(query: Buffer, end: number, answer: Exclude<Answer, 'silence'>): Buffer {
  const isV4 = query.readUInt16BE(end - 4) === typeA;
  const found = answer === 'none' ? [] : isV4 ? (answer.v4 ?? []).map(bytesOf) : (answer.v6 ?? []);
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x8180 | (answer === 'none' ? noSuchName : 0), 2);
  head.writeUInt16BE(found.length, 6);
  head.writeUInt32BE(0, 8);
  const records = found.map((address) => {
    const record = Buffer.from([0xc0, 12, ...query.subarray(end - 4, end), 0, 0, 0, 60, 0, address.length]);
    return Buffer.concat([record, address]);
  });
  return Buffer.concat([head, ...records]);
}

function bytesOf(address: string): Uint8Array {
  return Uint8Array.from(address.split('.'), Number);
}
