/** Sessions in a given state, and octets as a gateway would send them. */
import { SHORT_SENDER } from '../../../lib/address-type.js';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import type { BindMode, Segment } from '../../../lib/message.js';
import { decodePdu } from '../../../lib/pdu/decode.js';
import { encodePdu } from '../../../lib/pdu/encode.js';
import { Framer } from '../../../lib/pdu/framer.js';
import type { DeliverSm, Pdu } from '../../../lib/pdu/pdu.js';
import type { Effect } from '../../../lib/session/effect.js';
import { Session } from '../../../lib/session/session.js';
import { DEFAULT_TIMERS, type Timers } from '../../../lib/timers.js';

export type Effects = readonly Effect<string>[];

export interface SessionSetup {
  readonly bind?: BindMode;
  readonly password?: string;
  readonly window?: number;
  readonly timers?: Partial<Timers>;
  readonly firstSequenceNumber?: number;
  readonly lateAnswers?: number;
}

export function aSession(setup: SessionSetup = {}): Session<string> {
  return new Session<string>({
    bind: setup.bind ?? 'transceiver',
    system_id: 'tester',
    password: setup.password ?? 'secret',
    system_type: '',
    window: setup.window ?? 10,
    shortSender: SHORT_SENDER,
    timers: { ...DEFAULT_TIMERS, ...setup.timers },
    firstSequenceNumber: setup.firstSequenceNumber ?? 1,
    bounds: { ...DEFAULT_BOUNDS, ...setup },
  });
}

/** A session whose bind was accepted at 0; the bind took the first sequence number. */
export function bound(setup: SessionSetup = {}): Session<string> {
  const session = aSession(setup);
  const [bind] = written(session.bind(0));
  session.receive(bindResp(bind!.sequence_number, 0, setup.bind), 0);
  return session;
}

export function aSegment(to = '4512345678'): Segment {
  return {
    to,
    from: 'Tester',
    octets: Buffer.from('hello'),
    dataCoding: 0,
    hasUserDataHeader: false,
    asPayload: false,
    receipt: 'always',
    validityMs: 3_600_000,
    urgent: false,
  };
}

export function segments(count: number): Segment[] {
  return Array.from({ length: count }, (_, index) => aSegment(`4512345${String(100 + index)}`));
}

/** The PDUs in the `write` effects. */
export function written(effects: Effects): Pdu[] {
  const framer = new Framer();
  const chunks = effects.flatMap((effect) => (effect.kind === 'write' ? [effect.bytes] : []));
  return framer.push(Buffer.concat(chunks)).map((frame) => decodePdu(frame));
}

/** Everything but the `write` effects and remarks. */
export function said(effects: Effects): Exclude<Effect<string>, { kind: 'write' | 'ignored' }>[] {
  return effects.filter(
    (effect): effect is Exclude<Effect<string>, { kind: 'write' | 'ignored' }> =>
      effect.kind !== 'write' && effect.kind !== 'ignored',
  );
}

export function kinds(effects: Effects): string[] {
  return effects.map((effect) => effect.kind);
}

export function bindResp(
  sequence_number: number,
  command_status = 0,
  bind: BindMode = 'transceiver',
): Buffer {
  return encodePdu({ command: `bind_${bind}_resp`, sequence_number, command_status, system_id: 'inMobile' });
}

export function submitResp(sequence_number: number, command_status = 0): Buffer {
  const message_id = command_status === 0 ? `id-${sequence_number}` : '';
  return encodePdu({ command: 'submit_sm_resp', sequence_number, command_status, message_id });
}

export function deliverSm(sequence_number: number, text = 'hi'): Buffer {
  return encodePdu(aDeliverSm(sequence_number, text));
}

export function aDeliverSm(sequence_number: number, text = 'hi'): DeliverSm {
  return {
    command: 'deliver_sm',
    sequence_number,
    source_addr_ton: 1,
    source_addr_npi: 1,
    source_addr: '4587654321',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: '4512345678',
    esm_class: 0,
    data_coding: 0,
    registered_delivery: 0,
    short_message: Buffer.from(text),
  };
}

export function unbind(sequence_number: number): Buffer {
  return encodePdu({ command: 'unbind', sequence_number });
}

export function enquireLink(sequence_number: number): Buffer {
  return encodePdu({ command: 'enquire_link', sequence_number });
}

export function nack(sequence_number: number, command_status = 3): Buffer {
  return encodePdu({ command: 'generic_nack', sequence_number, command_status });
}

/** A bare header; `command_length` says what it likes. */
export function header(command_id: number, sequence_number: number, command_length = 16): Buffer {
  const frame = Buffer.alloc(16);
  frame.writeUInt32BE(command_length, 0);
  frame.writeUInt32BE(command_id, 4);
  frame.writeUInt32BE(sequence_number, 12);
  return frame;
}
