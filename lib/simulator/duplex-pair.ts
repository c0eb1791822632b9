/**
 * Two streams, each reading what the other writes: a connection without a port or a certificate.
 *
 * Behaves as a socket does where the client can tell: octets arrive in a later turn of the event loop, a slow
 * reader holds the writer up, an end or a loss of one side ends the other.
 */
import { Duplex } from 'node:stream';

/** The two ends of one connection. */
export function makeDuplexPair(): [Duplex, Duplex] {
  const one = new End();
  const other = new End();
  one.join(other);
  other.join(one);
  return [one, other];
}

type Done = (error?: Error | null) => void;

class End extends Duplex {
  #other: End | undefined;
  /** The other side's write, held up until this side has read. */
  #heldUp: Done | undefined;

  constructor() {
    super({ allowHalfOpen: false });
  }

  join(other: End): void {
    this.#other = other;
  }

  override _read(): void {
    const done = this.#heldUp;
    this.#heldUp = undefined;
    done?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    setImmediate(() => this.#other?.receive(chunk, done));
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: Done): void {
    const octets = Buffer.concat(chunks.map(({ chunk }) => chunk));
    setImmediate(() => this.#other?.receive(octets, done));
  }

  override _final(done: Done): void {
    setImmediate(() => this.#other?.receiveEnd());
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    setImmediate(() => this.#other?.receiveEnd());
    this._read();
    done(error);
  }

  receive(chunk: Buffer, done: Done): void {
    if (this.destroyed || this.readableEnded || this.push(chunk)) done();
    else this.#heldUp = done;
  }

  receiveEnd(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }
}
