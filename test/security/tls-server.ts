/** TLS servers as a matrix wants them, on 127.0.0.1; all that reaches them is kept. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { makeAuthority, makeCertificate, type CertificateOptions } from '../../lib/simulator/certificate.js';

/** `plain`: greets in clear text · `silent`: accepts and says nothing · `hasty`: closes at once. */
export type ServerKind =
  | {
      readonly certificate: Partial<CertificateOptions>;
      readonly isOld?: boolean;
      /** Of TLS 1.2, instead of those that are safe. */
      readonly ciphers?: string;
    }
  | PlainKind;
type PlainKind = 'plain' | 'silent' | 'hasty';

export interface MatrixServer {
  readonly port: number;
  /** Octets of the application, decrypted. */
  readonly received: Buffer[];
  /** Octets as they came over TCP. */
  readonly raw: Buffer[];
  close(): void;
}

/** The authority that clients of the matrix trust. */
export const authority = makeAuthority();
export const stranger = makeAuthority();

const DAY_MS = 86_400_000;
export const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

export async function serve(kind: ServerKind): Promise<MatrixServer> {
  const received: Buffer[] = [];
  const raw: Buffer[] = [];
  const server = typeof kind === 'string' ? plainServer(kind) : tlsServer(kind, received);
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (typeof kind === 'string') socket.on('data', (chunk: Buffer) => raw.push(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    raw,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function plainServer(kind: PlainKind): net.Server {
  return net.createServer((socket) => {
    if (kind === 'plain') socket.write('220 ready\r\n');
    if (kind === 'hasty') socket.destroy();
  });
}

function tlsServer(kind: Exclude<ServerKind, PlainKind>, received: Buffer[]): tls.Server {
  const certificate = makeCertificate({
    commonName: 'matrix',
    issuer: authority,
    dnsNames: ['localhost'],
    ...kind.certificate,
  });
  const { isOld = false, ciphers } = kind;
  const weak =
    ciphers === undefined ? {} : { ciphers: `${ciphers}:@SECLEVEL=0`, maxVersion: 'TLSv1.2' as const };
  const server = tls.createServer({ ...certificate, ...(isOld ? OLD : weak) }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => received.push(chunk));
  });
  server.on('tlsClientError', () => undefined);
  return server;
}
