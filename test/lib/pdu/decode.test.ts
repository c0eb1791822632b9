import assert from 'node:assert/strict';

import { decodePdu } from '../../../lib/pdu/decode.js';
import { PduError } from '../../../lib/pdu/pdu-error.js';
import { octetsOf } from '../../wire/golden-pdu.js';

/** A frame with its command_length put right. */
function frame(lines: string): Buffer {
  const octets = octetsOf(`00000000 ${lines}`);
  octets.writeUInt32BE(octets.length, 0);
  return octets;
}

const BIND = '00000009 00000000 00000007';
const DELIVER_SM = '00000005 00000000 00000007';

/** The mandatory part of a deliver_sm around the given source_addr and message. */
function deliverSm(source_addr: string, message: string): Buffer {
  return frame(`${DELIVER_SM} 00 01 01 ${source_addr} 03 00 '1204' 00 00 00 00 00 00 00 00 00 00 ${message}`);
}

/** A deliver_sm with the given schedule_delivery_time and validity_period. */
function withTimes(times: string): Buffer {
  return frame(`${DELIVER_SM} 00 01 01 '45' 00 03 00 '1204' 00 00 00 00 ${times} 00 00 00 00 00`);
}

function bind(fields: Readonly<Record<string, string>>): Buffer {
  const { system_id = 'a', password = 'b', system_type = 'c', address_range = 'd' } = fields;
  return frame(
    `00000009 00000000 00000001 '${system_id}' 00 '${password}' 00 '${system_type}' 00 34 00 00 '${address_range}' 00`,
  );
}

function errorOf(octets: Buffer): PduError {
  try {
    decodePdu(octets);
  } catch (error) {
    assert.ok(error instanceof PduError);
    return error;
  }
  return assert.fail('it was read');
}

const MALFORMED: readonly (readonly [what: string, field: string | undefined, octets: Buffer])[] = [
  ['fewer octets than a header', undefined, octetsOf('0000000F 00000015 00000000 000000')],
  ['no octets', undefined, Buffer.alloc(0)],
  ['a command_length over its length', 'command_length', octetsOf('00000011 00000015 00000000 00000001')],
  ['a command_length under its length', 'command_length', octetsOf('00000010 00000015 00000000 00000001 00')],
  ['a system_id of 16 characters', 'system_id', bind({ system_id: '1234567890123456' })],
  ['a password of 9 characters', 'password', bind({ password: '123456789' })],
  ['a system_type of 13 characters', 'system_type', bind({ system_type: '1234567890123' })],
  ['an address_range of 41 characters', 'address_range', bind({ address_range: 'x'.repeat(41) })],
];

describe('decodePdu', () => {
  for (const [what, field, octets] of MALFORMED) {
    it(`refuses ${what}`, () => {
      const { kind, code, field: blamed } = errorOf(octets);
      assert.deepEqual({ kind, code, blamed }, { kind: 'malformed', code: 'SMPP_PROTOCOL', blamed: field });
    });
  }

  it('says in its error what could be read of the header, so that the request can be answered', () => {
    const { command_id, command_status, sequence_number, command } = errorOf(frame(BIND));
    assert.deepEqual(
      { command_id, command_status, sequence_number, command },
      { command_id: 9, command_status: 0, sequence_number: 7, command: 'bind_transceiver' },
    );
  });

  it('says nothing of a header that is not there', () => {
    const { command_id, command_status, sequence_number, command } = errorOf(Buffer.alloc(15));
    assert.deepEqual([command_id, command_status, sequence_number, command], Array(4).fill(undefined));
  });

  it('never shows the value of a field that it refuses', () => {
    const error = errorOf(bind({ password: 'secret-word' }));
    assert.doesNotMatch(JSON.stringify(error) + error.message, /secret/);
  });

  it('refuses a response that answers nothing of ours', () => {
    const { kind, command_id, sequence_number } = errorOf(
      frame("80000003 00000000 00000009 'id' 00 00 02 00"),
    );
    assert.deepEqual(
      { kind, command_id, sequence_number },
      { kind: 'unknownResponse', command_id: 0x8000_0003, sequence_number: 9 },
    );
  });

  it('reads 255 octets of short_message, one more than the specification allows', () => {
    const pdu = decodePdu(deliverSm("'45' 00", `FF '${'x'.repeat(255)}'`));
    assert.equal(pdu.command === 'deliver_sm' && pdu.short_message.length, 255);
  });

  it('cuts a message_id that no standard allows, since refusing it would unsettle an accepted SMS', () => {
    const flaws: string[] = [];
    const pdu = decodePdu(frame(`80000004 00000000 00000001 '${'x'.repeat(60_000)}' 00`), flaws);
    assert.equal(pdu.command === 'submit_sm_resp' && pdu.message_id, 'x'.repeat(65));
    assert.deepEqual(flaws, ['submit_sm_resp 1: message_id is longer than 65 characters']);
  });

  it('cuts an id in receipted_message_id at the same place', () => {
    const long = 'x'.repeat(300);
    const pdu = decodePdu(deliverSm("'45' 00", `00 001E 012D '${long}' 00`));
    assert.equal(pdu.command === 'deliver_sm' && pdu.receipted_message_id, 'x'.repeat(65));
  });

  it('reads a message_id that ends with the PDU instead of a NUL', () => {
    const pdu = decodePdu(frame("80000004 00000000 00000001 'abc'"));
    assert.equal(pdu.command === 'submit_sm_resp' && pdu.message_id, 'abc');
  });

  it('reads an id of octets beyond ASCII, one character each', () => {
    const pdu = decodePdu(frame('80000004 00000000 00000001 C6 72 F8 00'));
    assert.equal(pdu.command === 'submit_sm_resp' && pdu.message_id, 'Ærø');
  });

  it('ignores parameters after the message_id of a response', () => {
    const pdu = decodePdu(frame("80000004 00000000 00000001 'id' 00 0427 0000 00"));
    assert.equal(pdu.command === 'submit_sm_resp' && pdu.message_id, 'id');
  });

  it('ignores a body where there should be none', () => {
    assert.deepEqual(decodePdu(frame('00000015 00000000 00000001 FFFFFF')), {
      command: 'enquire_link',
      sequence_number: 1,
    });
  });

  it('keeps both short_message and message_payload as they are given', () => {
    const pdu = decodePdu(deliverSm("'45' 00", "02 'OK' 0424 0003 'Yes'"));
    assert.ok(pdu.command === 'deliver_sm');
    assert.deepEqual([pdu.short_message, pdu.message_payload], [Buffer.from('OK'), Buffer.from('Yes')]);
  });

  it('reads a schedule_delivery_time and validity_period that no clock would show (D26)', () => {
    assert.equal(decodePdu(withTimes("'5R' 00 'x' 00")).command, 'deliver_sm');
  });
});
