/**
 * Every command_status of SMPP 3.4, one row each: number, name, what a person should know, what to do with
 * the message, and where we have that from.
 *
 * Names are those of SMPP 3.4; numbers come from the npm package `smpp`, which knows five of them under
 * their SMPP 5.0 names.
 * Source: SMPP 3.4 §5.1.3; contract section 4 (classes); gateway.md (what inMobile means by some).
 */
import { errors } from 'smpp';

/**
 * What becomes of a submit_sm that was so answered (contract section 4): `ok` accepted · `submitFailed`
 * what a restart of the gateway looks like: sent again, other host · `throttled` sent again, slower · `queueFull` and
 * `transient` sent again later · `unbound` sent again after a new bind · `credentials` the login is wrong ·
 * `permanent` rejected: the same would be answered again.
 */
export type StatusClass =
  'ok' | 'submitFailed' | 'throttled' | 'queueFull' | 'transient' | 'unbound' | 'credentials' | 'permanent';

export interface CommandStatus {
  readonly number: number;
  /** `ESME_…`, or the number as `0x00000400` when SMPP 3.4 has no name for it. */
  readonly name: string;
  /** What it means and what to do about it, for a person. */
  readonly sentence: string;
  readonly class: StatusClass;
  /** Where the meaning is from. */
  readonly source: 'SMPP 3.4' | 'inMobile' | 'unlisted';
}

/** What a command_status says. A number that SMPP 3.4 does not list passes through as `transient`. */
export function commandStatus(number: number): CommandStatus {
  return BY_NUMBER.get(number) ?? unlisted(number);
}

type Row = readonly [number: number, statusClass: StatusClass, sentence: string, source?: 'inMobile'];

const ROWS = {
  ESME_ROK: [errors.ESME_ROK, 'ok', 'Accepted.'],
  ESME_RINVMSGLEN: [
    errors.ESME_RINVMSGLEN,
    'permanent',
    'The message is too long or its length is wrong: send a shorter text, or split it another way.',
  ],
  ESME_RINVCMDLEN: [
    errors.ESME_RINVCMDLEN,
    'permanent',
    'The gateway could not make sense of the length of the request: report this as a fault of the client.',
  ],
  ESME_RINVCMDID: [
    errors.ESME_RINVCMDID,
    'permanent',
    'The gateway does not know this kind of request: check that the account may do this.',
  ],
  ESME_RINVBNDSTS: [
    errors.ESME_RINVBNDSTS,
    'unbound',
    'The session is not logged in for this: the connection is made anew. If it stays so, check that the ' +
      'connection mode (transmitter, receiver or transceiver) is the one of the account.',
  ],
  ESME_RALYBND: [
    errors.ESME_RALYBND,
    'permanent',
    'The account is already logged in: end the other connection, or wait until the gateway has noticed ' +
      'that an old one is gone.',
  ],
  ESME_RINVPRTFLG: [errors.ESME_RINVPRTFLG, 'permanent', 'The gateway does not accept this priority.'],
  ESME_RINVREGDLVFLG: [
    errors.ESME_RINVREGDLVFLG,
    'permanent',
    'The gateway does not accept this request for a receipt: choose another receipt setting.',
  ],
  ESME_RSYSERR: [
    errors.ESME_RSYSERR,
    'transient',
    'The gateway has a fault of its own: the message is sent again later.',
  ],
  ESME_RINVSRCADR: [
    errors.ESME_RINVSRCADR,
    'permanent',
    'The gateway does not accept this sender: check it, and that the account may use it.',
  ],
  ESME_RINVDSTADR: [
    errors.ESME_RINVDSTADR,
    'permanent',
    'The recipient is not a number that the gateway can send to: check it, with its country code.',
  ],
  ESME_RINVMSGID: [errors.ESME_RINVMSGID, 'permanent', 'The gateway does not know a message with this id.'],
  ESME_RBINDFAIL: [
    errors.ESME_RBINDFAIL,
    'permanent',
    'The gateway takes no login at the moment, as during its restarts: it is tried again by itself.',
    'inMobile',
  ],
  ESME_RINVPASWD: [
    errors.ESME_RINVPASWD,
    'credentials',
    'The password is wrong: correct it in the connection; inMobile has it.',
  ],
  ESME_RINVSYSID: [
    errors.ESME_RINVSYSID,
    'credentials',
    'The gateway does not know this system id: correct it in the connection; inMobile has it.',
  ],
  ESME_RCANCELFAIL: [errors.ESME_RCANCELFAIL, 'permanent', 'The gateway could not cancel the message.'],
  ESME_RREPLACEFAIL: [errors.ESME_RREPLACEFAIL, 'permanent', 'The gateway could not replace the message.'],
  ESME_RMSGQFUL: [
    errors.ESME_RMSGQFUL,
    'queueFull',
    'The queue of the gateway is full: the message is sent again later.',
  ],
  ESME_RINVSERTYP: [
    errors.ESME_RINVSERTYP,
    'permanent',
    'The gateway does not accept this service type: ask inMobile how the account is set up.',
  ],
  ESME_RINVNUMDESTS: [errors.ESME_RINVNUMDESTS, 'permanent', 'The number of recipients is wrong.'],
  ESME_RINVDLNAME: [errors.ESME_RINVDLNAME, 'permanent', 'The gateway does not know this distribution list.'],
  ESME_RINVDESTFLAG: [
    errors.ESME_RINVDESTFLAG,
    'permanent',
    'The gateway does not accept this kind of recipient: send to a phone number.',
  ],
  ESME_RINVSUBREP: [
    errors.ESME_RINVSUBREP,
    'permanent',
    'The gateway cannot replace an earlier message by this one.',
  ],
  ESME_RINVESMCLASS: [
    errors.ESME_RINVESMCLASS,
    'permanent',
    'The gateway does not accept this way of sending: choose another setting for long messages.',
  ],
  ESME_RCNTSUBDL: [errors.ESME_RCNTSUBDL, 'permanent', 'The gateway cannot send to a distribution list.'],
  ESME_RSUBMITFAIL: [
    errors.ESME_RSUBMITFAIL,
    'submitFailed',
    'The gateway did not take the message, as during its restarts: it is sent again by itself.',
    'inMobile',
  ],
  ESME_RINVSRCTON: [
    errors.ESME_RINVSRCTON,
    'permanent',
    'The gateway does not accept this kind of sender (type of number): use another sender.',
  ],
  ESME_RINVSRCNPI: [
    errors.ESME_RINVSRCNPI,
    'permanent',
    'The gateway does not accept this kind of sender (numbering plan): use another sender.',
  ],
  ESME_RINVDSTTON: [
    errors.ESME_RINVDSTTON,
    'permanent',
    'The gateway does not accept this kind of recipient (type of number): use the international format.',
  ],
  ESME_RINVDSTNPI: [
    errors.ESME_RINVDSTNPI,
    'permanent',
    'The gateway does not accept this kind of recipient (numbering plan): use the international format.',
  ],
  ESME_RINVSYSTYP: [
    errors.ESME_RINVSYSTYP,
    'permanent',
    'The gateway does not accept this system type: correct it in the connection, or leave it empty.',
  ],
  ESME_RINVREPFLAG: [
    errors.ESME_RINVREPFLAG,
    'permanent',
    'The gateway does not accept the replace flag: report this as a fault of the client.',
  ],
  ESME_RINVNUMMSGS: [errors.ESME_RINVNUMMSGS, 'permanent', 'The number of messages is wrong.'],
  ESME_RTHROTTLED: [
    errors.ESME_RTHROTTLED,
    'throttled',
    'More messages a second than the account may send: the message is sent again, more slowly.',
  ],
  ESME_RINVSCHED: [
    errors.ESME_RINVSCHED,
    'permanent',
    'The gateway does not accept the delivery time: report this as a fault of the client.',
  ],
  ESME_RINVEXPIRY: [
    errors.ESME_RINVEXPIRY,
    'permanent',
    'The gateway does not accept how long the message is valid: choose another expiry.',
  ],
  ESME_RINVDFTMSGID: [
    errors.ESME_RINVDFTMSGID,
    'permanent',
    'The gateway does not know this prepared message: report this as a fault of the client.',
  ],
  ESME_RX_T_APPN: [
    errors.ESME_RX_T_APPN,
    'transient',
    'The receiving side cannot take the message now: it is sent again later.',
  ],
  ESME_RX_P_APPN: [
    errors.ESME_RX_P_APPN,
    'permanent',
    'The receiving side cannot take any message: ask inMobile what is wrong.',
  ],
  ESME_RX_R_APPN: [errors.ESME_RX_R_APPN, 'permanent', 'The receiving side refused this message.'],
  ESME_RQUERYFAIL: [errors.ESME_RQUERYFAIL, 'permanent', 'The gateway could not look the message up.'],
  ESME_RINVOPTPARSTREAM: [
    errors.ESME_RINVTLVSTREAM,
    'permanent',
    'The gateway could not read the optional parameters: choose another setting for long messages.',
  ],
  ESME_ROPTPARNOTALLWD: [
    errors.ESME_RTLVNOTALLWD,
    'permanent',
    'The gateway does not allow an optional parameter: choose another setting for long messages.',
  ],
  ESME_RINVPARLEN: [
    errors.ESME_RINVTLVLEN,
    'permanent',
    'A parameter has the wrong length: choose another setting for long messages, or a shorter sender.',
  ],
  ESME_RMISSINGOPTPARAM: [
    errors.ESME_RMISSINGTLV,
    'permanent',
    'The gateway misses an optional parameter: choose another setting for long messages.',
  ],
  ESME_RINVOPTPARAMVAL: [
    errors.ESME_RINVTLVVAL,
    'permanent',
    'An optional parameter has a wrong value: choose another setting for long messages.',
  ],
  ESME_RDELIVERYFAILURE: [errors.ESME_RDELIVERYFAILURE, 'permanent', 'The message could not be delivered.'],
  ESME_RUNKNOWNERR: [
    errors.ESME_RUNKNOWNERR,
    'permanent',
    'The gateway refused without saying why: ask inMobile, with the time of this message.',
  ],
} as const satisfies Readonly<Record<string, Row>>;

export type StatusName = keyof typeof ROWS;

const LISTED: readonly CommandStatus[] = Object.entries<Row>(ROWS).map(
  ([name, [number, statusClass, sentence, source]]) => ({
    number,
    name,
    sentence,
    class: statusClass,
    source: source ?? 'SMPP 3.4',
  }),
);

const BY_NUMBER: ReadonlyMap<number, CommandStatus> = new Map(
  LISTED.map((status) => [status.number, status]),
);

/** The numbers by name: `STATUS.ESME_RINVCMDID`. */
export const STATUS = Object.fromEntries(LISTED.map(({ name, number }) => [name, number])) as Readonly<
  Record<StatusName, number>
>;

/** 0x400 to 0x4FF are a vendor's own, the rest is reserved; nobody can say that such a refusal is for good. */
function unlisted(number: number): CommandStatus {
  const name = `0x${number.toString(16).padStart(8, '0')}`;
  const sentence = `The gateway answered with a code of its own (${name}): the message is sent again later.`;
  return { number, name, sentence, class: 'transient', source: 'unlisted' };
}
