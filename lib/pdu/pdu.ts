/**
 * The PDUs of SMPP 3.4 that the gateway speaks, as a union on `command`.
 *
 * Field names are the specification's own, so that a reader with it in hand finds every word. Message
 * octets stay octets: text is none of this folder's business.
 * Source: SMPP 3.4 §4; gateway.md: message types.
 */

export interface Header {
  /** 1 to 0x7FFFFFFF; 0 only in a generic_nack to an unreadable request. */
  readonly sequence_number: number;
}

export type BindCommand = 'bind_transmitter' | 'bind_receiver' | 'bind_transceiver';

export interface Bind extends Header {
  readonly command: BindCommand;
  readonly system_id: string;
  readonly password: string;
  readonly system_type: string;
}

export interface BindResp extends Header {
  readonly command: `${BindCommand}_resp`;
  readonly command_status: number;
  readonly system_id: string;
}

/** A TLV that no field of ours stands for, by tag. */
export type UnknownTlvs = ReadonlyMap<number, Uint8Array>;

export interface ShortMessage {
  readonly source_addr_ton: number;
  readonly source_addr_npi: number;
  readonly source_addr: string;
  readonly dest_addr_ton: number;
  readonly dest_addr_npi: number;
  readonly destination_addr: string;
  readonly esm_class: number;
  readonly data_coding: number;
  readonly registered_delivery: number;
  /** Octets, with their user data header. Empty when `message_payload` carries them. */
  readonly short_message: Uint8Array;
  readonly message_payload?: Uint8Array;
  readonly sar_msg_ref_num?: number;
  readonly sar_total_segments?: number;
  readonly sar_segment_seqnum?: number;
}

export interface SubmitSm extends Header, ShortMessage {
  readonly command: 'submit_sm';
  readonly priority_flag: number;
  /** Empty or 16 characters, SMPP 3.4 §7.1.1. */
  readonly validity_period: string;
}

export interface SubmitSmResp extends Header {
  readonly command: 'submit_sm_resp';
  readonly command_status: number;
  /** Empty when the gateway sent no body. */
  readonly message_id: string;
}

export interface DeliverSm extends Header, ShortMessage {
  readonly command: 'deliver_sm';
  readonly receipted_message_id?: string;
  readonly message_state?: number;
  readonly unknown_tlvs?: UnknownTlvs;
}

export interface DeliverSmResp extends Header {
  readonly command: 'deliver_sm_resp';
  readonly command_status: number;
}

export interface EnquireLink extends Header {
  readonly command: 'enquire_link';
}

export interface Unbind extends Header {
  readonly command: 'unbind';
}

export interface StatusOnlyResp extends Header {
  readonly command: 'enquire_link_resp' | 'unbind_resp' | 'generic_nack';
  readonly command_status: number;
}

/** A request whose command_id we do not know; answered with generic_nack ESME_RINVCMDID. */
export interface UnknownRequest extends Header {
  readonly command: 'unknown';
  readonly command_id: number;
}

export type Pdu =
  | Bind
  | BindResp
  | SubmitSm
  | SubmitSmResp
  | DeliverSm
  | DeliverSmResp
  | EnquireLink
  | Unbind
  | StatusOnlyResp
  | UnknownRequest;
