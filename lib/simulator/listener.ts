/**
 * The listening port of one host: TCP with TLS on top, on loopback only.
 *
 * TLS is started by hand on each accepted socket, so that a blackholed host can take a connection and say
 * nothing at all, as a dead network path does. Source: gateway.md (port 2775, TLS is required).
 */
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Certificate } from './certificate.js';

export const LOOPBACK = '127.0.0.1';

export class Listener {
  readonly #tcp: Server;
  readonly #tls: TlsServer | undefined;
  readonly #accept: (transport: Duplex) => void;
  readonly #sockets = new Set<Socket>();
  readonly #held: Socket[] = [];
  #isSilent = false;
  #port = 0;

  /** @param certificate undefined: plain text */
  constructor(certificate: Certificate | undefined, accept: (transport: Duplex) => void) {
    this.#accept = accept;
    // NODELAY: measured, answers in groups smaller than the window are held back otherwise (contract section 4).
    this.#tcp = createTcpServer({ noDelay: true }, (socket) => this.#connected(socket));
    // A connection that could not be accepted is the client's to notice; unheard, it would end the process.
    this.#tcp.on('error', () => undefined);
    if (certificate === undefined) return;
    const { cert, key } = certificate;
    this.#tls = createTlsServer({ cert, key, minVersion: 'TLSv1.2' }, accept);
    // A client that does not trust us: its affair, and its socket is closed already.
    this.#tls.on('tlsClientError', () => undefined);
  }

  get port(): number {
    return this.#port;
  }

  /** @param port 0: any free one; afterwards always the same */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen(port, LOOPBACK, () => {
        this.#tcp.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#tcp.address() as AddressInfo).port;
  }

  /** Takes connections and leaves them unanswered until `speak`. */
  silence(): void {
    this.#isSilent = true;
  }

  speak(): void {
    this.#isSilent = false;
    for (const socket of this.#held.splice(0)) this.#serve(socket);
  }

  /** Cuts every connection and takes no more. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    // Its loss shows in 'close'; without a listener an error would end the process.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#isSilent) this.#held.push(socket);
    else this.#serve(socket);
  }

  #serve(socket: Socket): void {
    if (socket.destroyed) return;
    if (this.#tls === undefined) this.#accept(socket);
    else this.#tls.emit('connection', socket);
  }
}
