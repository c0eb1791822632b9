/**
 * The one error of everything that reads octets from the peer.
 *
 * It carries whatever of the header could be read, so that the session can still answer the request, and
 * never a field's value: fields hold texts, numbers and passwords.
 */
import { SmppError } from '../errors.js';
import { commandName, type CommandName } from './command.js';

/**
 * `framing` the stream cannot be cut into PDUs any more: end the session · `malformed` one PDU is wrong,
 * the next one is readable · `unknownResponse` a response that we could not have asked for.
 */
export type PduErrorKind = 'framing' | 'malformed' | 'unknownResponse';

export interface ReadableHeader {
  readonly command_id: number;
  readonly command_status: number;
  readonly sequence_number: number;
}

/** The peer's octets are not SMPP 3.4; `code` is `SMPP_PROTOCOL`. */
export class PduError extends SmppError {
  readonly kind: PduErrorKind;
  readonly command_id?: number;
  readonly command_status?: number;
  readonly sequence_number?: number;
  /** Name of the command, when it is one of ours. */
  readonly command?: CommandName;

  constructor(kind: PduErrorKind, message: string, header?: ReadableHeader, field?: string) {
    super('SMPP_PROTOCOL', message, field === undefined ? {} : { field });
    this.name = 'PduError';
    this.kind = kind;
    if (header === undefined) return;
    this.command_id = header.command_id;
    this.command_status = header.command_status;
    this.sequence_number = header.sequence_number;
    const command = commandName(header.command_id);
    if (command !== undefined) this.command = command;
  }
}
