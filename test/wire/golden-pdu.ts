/**
 * How a golden PDU is written down: by hand from the specification's tables, octet by octet, with what it
 * says. Not made by any encoder, so that an error in ours cannot confirm itself.
 */
import type { Pdu } from '../../lib/pdu/pdu.js';

export interface GoldenPdu {
  readonly name: string;
  readonly source: string;
  readonly octets: Buffer;
  readonly pdu: Pdu;
  /** `read`: a peer may send this, but we would write it otherwise. */
  readonly direction: 'both' | 'read';
}

/** `0000 'text' 00 | remark` lines as octets. */
export function octetsOf(lines: string): Buffer {
  const parts = lines
    .split('\n')
    .flatMap((line) => line.replace(/\|.*/, '').match(/'[^']*'|[0-9a-fA-F]+/g) ?? [])
    .map((part) =>
      part.startsWith("'") ? Buffer.from(part.slice(1, -1), 'latin1') : Buffer.from(part, 'hex'),
    );
  return Buffer.concat(parts);
}

/** A PDU that is read and written like this. */
export function both(name: string, source: string, lines: string, pdu: Pdu): GoldenPdu {
  return { name, source, octets: octetsOf(lines), pdu, direction: 'both' };
}

/** A PDU that is only read like this. */
export function readOnly(name: string, source: string, lines: string, pdu: Pdu): GoldenPdu {
  return { name, source, octets: octetsOf(lines), pdu, direction: 'read' };
}
