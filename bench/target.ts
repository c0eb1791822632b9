/** Where the fast server is, and a TLS connection to it as every client but npm `smpp` makes it. */
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
}

/** Resolves when TLS stands. */
export async function connectTo({ host, port, ca }: Target): Promise<tls.TLSSocket> {
  const socket = net.connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  const secure = tls.connect({
    socket,
    ca,
    checkServerIdentity: (_name, certificate) => tls.checkServerIdentity(host, certificate),
  });
  await once(secure, 'secureConnect');
  return secure;
}

/** Calls `look` with the octets of each write, before they are written. */
export function watchWrites(socket: Duplex, look: (octets: Buffer) => void): void {
  const write = socket.write.bind(socket) as (octets: Buffer) => boolean;
  Object.assign(socket, {
    write: (octets: Buffer) => {
      look(octets);
      return write(octets);
    },
  });
}

export const LOGIN = { systemId: 'bench', password: 'bench' } as const;

/** Body of the bind_transceiver that the ceiling sends (SMPP 3.4 §4.1.5). */
export function bindBody(): Buffer {
  const strings = [LOGIN.systemId, LOGIN.password, ''].map((text) => `${text}\0`).join('');
  return Buffer.concat([Buffer.from(strings, 'latin1'), Buffer.from([0x34, 0, 0, 0])]);
}
