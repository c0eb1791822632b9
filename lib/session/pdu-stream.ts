/**
 * The peer's octets as PDUs: cut, decoded, and mended where a body does not decode.
 *
 * One bad PDU must neither end the session, nor silence it, nor come back for ever, so whatever its header
 * still says is made use of. Nothing is made up: what the header does not say stays empty.
 * Source: SMPP 3.4 §3.2 (header); D1 and D8 of the npm package's session.
 */
import { decodePdu } from '../pdu/decode.js';
import { Framer, HEADER_LENGTH } from '../pdu/framer.js';
import { PduError } from '../pdu/pdu-error.js';
import type { DeliverSm, Pdu } from '../pdu/pdu.js';

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
        pdus.push(decodePdu(frame));
      } catch (error) {
        if (!(error instanceof PduError)) throw error;
        flaws.push(error.message);
        const pdu = mend(frame, error);
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

/**
 * The PDU to go on with, or undefined when there is nothing to do about it.
 *
 * - deliver_sm: its whole body as binary content without addresses. So it is kept, shown and answered like any
 *   other; refusing it would have the gateway deliver it for ever, accepting it unseen would lose an SMS.
 * - another request: an unknown one, which is answered generic_nack.
 */
function mend(frame: Buffer, error: PduError): Pdu | undefined {
  const { command, command_id, sequence_number } = error;
  if (command_id === undefined || sequence_number === undefined) return undefined;
  if (command === 'deliver_sm') return undecodedDeliverSm(frame, sequence_number);
  const isResponse = error.kind === 'unknownResponse' || command?.endsWith('_resp') === true;
  return isResponse ? undefined : { command: 'unknown', command_id, sequence_number };
}

/** 8-bit binary (SMPP 3.4 §5.2.19). */
const BINARY = 0x04;

/** Message type bits that SMPP 3.4 §5.2.12 gives no meaning: neither a plain SMS nor a receipt. */
const NO_MESSAGE_TYPE = 0x3c;

function undecodedDeliverSm(frame: Buffer, sequence_number: number): DeliverSm {
  return {
    command: 'deliver_sm',
    sequence_number,
    source_addr_ton: 0,
    source_addr_npi: 0,
    source_addr: '',
    dest_addr_ton: 0,
    dest_addr_npi: 0,
    destination_addr: '',
    esm_class: NO_MESSAGE_TYPE,
    data_coding: BINARY,
    registered_delivery: 0,
    short_message: frame.subarray(HEADER_LENGTH),
  };
}
