/**
 * Stands between a transport and the npm package's Session, and hands on whole PDUs only.
 *
 * The Session trusts its stream: a bad command_length leaves it deaf, and a PDU cut short by the end of the
 * connection is read as if it were whole (smpp 0.5.1, lib/smpp.js `_extractPDUs`). It also keeps no octets of
 * a message once it is decoded; `takeFrame` has them. What one turn of the event loop produced goes out in
 * one write (contract section 4).
 */
import { Duplex } from 'node:stream';
import { errors, PDU } from 'smpp';

/** Octets of a PDU's header, and so the least command_length (SMPP 3.4 §3.2). */
const HEADER_OCTETS = 16;
/** Beyond this a command_length is no PDU, and the stream cannot be read on from there. */
const COMMAND_LENGTH_MAX = 65_536;
/** A peer that does not read what it asked for is dropped rather than kept in memory. */
const UNSENT_OCTETS_MAX = 16 * 1024 * 1024;

type Done = (error?: Error | null) => void;

export class PeerStream extends Duplex {
  readonly #transport: Duplex;
  readonly #frames: Buffer[] = [];
  #received: Buffer = Buffer.alloc(0);
  #unsent: Buffer[] = [];
  #isFlushDue = false;
  #isSilent = false;

  constructor(transport: Duplex) {
    super({ allowHalfOpen: false });
    this.#transport = transport;
    transport.on('data', (chunk: Buffer) => this.#receive(chunk));
    transport.on('end', () => this.push(null));
    transport.on('error', () => this.destroy());
    transport.on('close', () => this.destroy());
  }

  /** The octets of the oldest PDU not taken yet: call it once for each PDU that the Session emits. */
  takeFrame(): Buffer {
    return this.#frames.shift() ?? Buffer.alloc(0);
  }

  /** Reads nothing and sends nothing until `speak`; the connection stays open. */
  silence(): void {
    this.#isSilent = true;
    this.#transport.pause();
  }

  /** Carries on with what was held back meanwhile, as TCP does once the network is back. */
  speak(): void {
    this.#isSilent = false;
    this.#flush();
    this.#transport.resume();
  }

  override _read(): void {
    if (!this.#isSilent) this.#transport.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#unsent.push(chunk);
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      process.nextTick(() => this.#flush());
    }
    done();
  }

  override _final(done: Done): void {
    this.#flush();
    // Destroyed any sooner, the transport would drop what it has not sent.
    this.#transport.end(() => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#transport.destroy();
    done(error);
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#isSilent || this.#unsent.length === 0 || !this.#transport.writable) return;
    this.#transport.write(Buffer.concat(this.#unsent));
    this.#unsent = [];
    if (this.#transport.writableLength > UNSENT_OCTETS_MAX) this.destroy();
  }

  #receive(chunk: Buffer): void {
    let rest: Buffer = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (rest.length >= HEADER_OCTETS) {
      const length = rest.readUInt32BE(0);
      if (length < HEADER_OCTETS || length > COMMAND_LENGTH_MAX) {
        this.#giveUp();
        return;
      }
      if (rest.length < length) break;
      this.#take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    this.#received = rest;
  }

  #take(frame: Buffer): void {
    // The package refuses to decode more than this; that is one request's fault, not the session's.
    if (frame.length > PDU.maxLength) {
      this.#refuse(frame.readUInt32BE(12));
      return;
    }
    this.#frames.push(frame);
    if (!this.push(frame)) this.#transport.pause();
  }

  #refuse(sequence_number: number): void {
    const nack = new PDU('generic_nack', { command_status: errors.ESME_RINVCMDLEN, sequence_number });
    this.write(nack.toBuffer());
  }

  /** SMPP 3.4 §4.3.1: sequence_number 0 where the offender's cannot be told. */
  #giveUp(): void {
    this.#refuse(0);
    this.#received = Buffer.alloc(0);
    this.#transport.removeAllListeners('data');
    this.end();
    this.push(null);
  }
}
