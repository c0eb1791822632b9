/**
 * The peer's octets as PDUs: cut, decoded, and of what does not decode the header.
 *
 * One bad PDU must neither end the session, nor silence it, nor come back for ever, so whatever its header
 * still says is made use of.
 * Source: SMPP 3.4 §3.2 (header); D1 and D8 of the npm package's session.
 */
import { decodePdu } from '../pdu/decode.js';
import { Framer } from '../pdu/framer.js';
import { PduError } from '../pdu/pdu-error.js';
import type { Pdu, UnknownRequest } from '../pdu/pdu.js';

export interface Received {
  readonly pdus: readonly Pdu[];
  /** What was wrong with some, in words without content. */
  readonly flaws: readonly string[];
  /** Nothing more can be read: these were the last. */
  readonly isBroken: boolean;
}

export class PduStream {
  readonly #framer = new Framer();

  /** Takes octets, cut anywhere; returns what is whole by now. */
  read(chunk: Buffer): Received {
    const pdus: Pdu[] = [];
    const flaws: string[] = [];
    for (const frame of this.#cut(chunk)) {
      try {
        pdus.push(decodePdu(frame, flaws));
      } catch (error) {
        if (!(error instanceof PduError)) throw error;
        flaws.push(error.message);
        const pdu = headerOf(error);
        if (pdu !== undefined) pdus.push(pdu);
      }
    }
    const { failure } = this.#framer;
    if (failure !== undefined) flaws.push(failure.message);
    return { pdus, flaws, isBroken: failure !== undefined };
  }

  #cut(chunk: Buffer): readonly Buffer[] {
    try {
      return this.#framer.push(chunk);
    } catch (error) {
      if (error instanceof PduError) return []; // the framer keeps it as its `failure`
      throw error;
    }
  }
}

/** What did not decode as a request that nobody knows, which is answered generic_nack; undefined for a response. */
function headerOf({ kind, command, command_id, sequence_number }: PduError): UnknownRequest | undefined {
  if (command_id === undefined || sequence_number === undefined) return undefined;
  const isResponse = kind === 'unknownResponse' || command?.endsWith('_resp') === true;
  return isResponse ? undefined : { command: 'unknown', command_id, sequence_number };
}
