/**
 * Types for what we use of the npm package `smpp` 0.5.1, which has none of its own.
 *
 * `lib/pdu` takes its tables (ids, numbers, tags), the simulator and the tests its Session, Server and PDU.
 * `scripts/build.mjs` puts it beside the declarations that name these types.
 * Source: smpp/lib/defs.js, smpp/lib/pdu.js, smpp/lib/smpp.js.
 */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server as NetServer } from 'node:net';
  import type { Duplex } from 'node:stream';
  import type { SecureContextOptions, Server as TlsServer, TlsOptions } from 'node:tls';

  type BindName = 'bind_receiver' | 'bind_transmitter' | 'bind_transceiver';
  type RequestName =
    | BindName
    | 'submit_sm'
    | 'deliver_sm'
    | 'enquire_link'
    | 'unbind'
    | 'query_sm'
    | 'cancel_sm'
    | 'replace_sm'
    | 'submit_multi'
    | 'data_sm';
  type CommandName = RequestName | `${RequestName}_resp` | 'generic_nack' | 'outbind' | 'alert_notification';

  type ErrorName =
    | 'ESME_ROK'
    | 'ESME_RINVMSGLEN'
    | 'ESME_RINVCMDLEN'
    | 'ESME_RINVCMDID'
    | 'ESME_RINVBNDSTS'
    | 'ESME_RALYBND'
    | 'ESME_RINVPRTFLG'
    | 'ESME_RINVREGDLVFLG'
    | 'ESME_RSYSERR'
    | 'ESME_RINVSRCADR'
    | 'ESME_RINVDSTADR'
    | 'ESME_RINVMSGID'
    | 'ESME_RBINDFAIL'
    | 'ESME_RINVPASWD'
    | 'ESME_RINVSYSID'
    | 'ESME_RCANCELFAIL'
    | 'ESME_RREPLACEFAIL'
    | 'ESME_RMSGQFUL'
    | 'ESME_RINVSERTYP'
    | 'ESME_RINVNUMDESTS'
    | 'ESME_RINVDLNAME'
    | 'ESME_RINVDESTFLAG'
    | 'ESME_RINVSUBREP'
    | 'ESME_RINVESMCLASS'
    | 'ESME_RCNTSUBDL'
    | 'ESME_RSUBMITFAIL'
    | 'ESME_RINVSRCTON'
    | 'ESME_RINVSRCNPI'
    | 'ESME_RINVDSTTON'
    | 'ESME_RINVDSTNPI'
    | 'ESME_RINVSYSTYP'
    | 'ESME_RINVREPFLAG'
    | 'ESME_RINVNUMMSGS'
    | 'ESME_RTHROTTLED'
    | 'ESME_RINVSCHED'
    | 'ESME_RINVEXPIRY'
    | 'ESME_RINVDFTMSGID'
    | 'ESME_RX_T_APPN'
    | 'ESME_RX_P_APPN'
    | 'ESME_RX_R_APPN'
    | 'ESME_RQUERYFAIL'
    | 'ESME_RINVTLVSTREAM'
    | 'ESME_RTLVNOTALLWD'
    | 'ESME_RINVTLVLEN'
    | 'ESME_RMISSINGTLV'
    | 'ESME_RINVTLVVAL'
    | 'ESME_RDELIVERYFAILURE'
    | 'ESME_RUNKNOWNERR'
    | 'ESME_RINVDCS';

  type TlvName =
    | 'receipted_message_id'
    | 'user_message_reference'
    | 'sar_msg_ref_num'
    | 'sar_total_segments'
    | 'sar_segment_seqnum'
    | 'sc_interface_version'
    | 'network_error_code'
    | 'message_payload'
    | 'message_state';

  /** By name; the package's own table has the commands of SMPP 5.0 too. */
  export const commands: Readonly<Record<CommandName, { readonly id: number }>>;
  /** Name to command_status. */
  export const errors: Readonly<Record<ErrorName, number>>;
  /** `ASCII` is GSM 03.38, one septet an octet; check with `match` first, what it lacks is encoded wrongly. */
  export const encodings: {
    readonly ASCII: {
      match(text: string): boolean;
      encode(text: string): Buffer;
      decode(octets: Uint8Array): string;
    };
  };
  export const tlvs: Readonly<Record<TlvName, { readonly id: number }>>;

  export const consts: {
    readonly REGISTERED_DELIVERY: Readonly<
      Record<'FINAL' | 'FAILURE' | 'SUCCESS' | 'DELIVERY_ACKNOWLEDGEMENT' | 'INTERMEDIATE', number>
    >;
    readonly ESM_CLASS: Readonly<
      Record<'STORE_FORWARD' | 'MC_DELIVERY_RECEIPT' | 'INTERMEDIATE_DELIVERY' | 'UDH_INDICATOR', number>
    >;
    readonly MESSAGE_STATE: Readonly<
      Record<
        | 'ENROUTE'
        | 'DELIVERED'
        | 'EXPIRED'
        | 'DELETED'
        | 'UNDELIVERABLE'
        | 'ACCEPTED'
        | 'UNKNOWN'
        | 'REJECTED',
        number
      >
    >;
    readonly TON: Readonly<Record<'UNKNOWN' | 'INTERNATIONAL' | 'NETWORK_SPECIFIC' | 'ALPHANUMERIC', number>>;
    readonly NPI: Readonly<Record<'UNKNOWN' | 'ISDN', number>>;
  };

  /** Field values by the specification's names; unknown names are ignored, missing fields have defaults. */
  export interface PduFields {
    readonly command_status?: number;
    readonly sequence_number?: number;
    readonly [field: string]: unknown;
  }

  export class PDU {
    /** @throws Error on an unknown command, RangeError on a malformed buffer (and it may misread one) */
    constructor(command: CommandName | Buffer, fields?: PduFields);
    /** `'unknown'` when the command_id is. */
    readonly command: string;
    readonly command_id: number;
    command_status: number;
    sequence_number: number;
    /** Decoded: text fields are strings, `short_message` is `{ message, udh? }`, TLVs under their names. */
    [field: string]: unknown;
    isResponse(): boolean;
    /** The response to this request; a generic_nack when the command is unknown. */
    response(fields?: PduFields): PDU;
    toBuffer(): Buffer;
    /** Longest command_length that is read; shared by the whole process. */
    static maxLength: number;
  }

  type ResponseListener = (pdu: PDU) => void;
  type SendRequest = (fields?: PduFields, answered?: ResponseListener, sent?: ResponseListener) => boolean;

  export interface SessionOptions {
    /** An open transport; any Duplex does. */
    readonly socket?: Duplex;
    readonly host?: string;
    readonly port?: number;
    readonly tls?: boolean;
    readonly ca?: SecureContextOptions['ca'];
    readonly servername?: string;
  }

  /** Emits `pdu` and the command's name with each PDU, `error` (listen before anything else), `close`. */
  export class Session extends EventEmitter {
    constructor(options: SessionOptions);
    readonly socket: Duplex;
    /** False, and nothing is called, once the transport cannot be written. */
    send(pdu: PDU, answered?: ResponseListener, sent?: ResponseListener): boolean;
    pause(): void;
    resume(): void;
    close(closed?: () => void): void;
    destroy(closed?: () => void): void;
    readonly bind_receiver: SendRequest;
    readonly bind_transmitter: SendRequest;
    readonly bind_transceiver: SendRequest;
    readonly submit_sm: SendRequest;
    readonly deliver_sm: SendRequest;
    readonly enquire_link: SendRequest;
    readonly unbind: SendRequest;
    readonly query_sm: SendRequest;
    readonly cancel_sm: SendRequest;
    readonly replace_sm: SendRequest;
    readonly submit_multi: SendRequest;
    readonly data_sm: SendRequest;
  }

  export interface ServerSessions {
    readonly sessions: readonly Session[];
  }
  type SessionListener = (session: Session) => void;

  /** TLS when `key` and `cert` are given; emits `session`. */
  export function createServer(
    options: TlsOptions & { readonly key: string; readonly cert: string },
    listener?: SessionListener,
  ): TlsServer & ServerSessions;
  export function createServer(listener?: SessionListener): NetServer & ServerSessions;

  export function connect(options: SessionOptions, connected?: () => void): Session;
}
