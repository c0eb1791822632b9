/**
 * Faults that the npm package `smpp` 0.5.1 has on the wire, by the numbers of our audit of it, and that the
 * codec must never get.
 */
import assert from 'node:assert/strict';

import { decodePdu } from '../../../lib/pdu/decode.js';
import { encodePdu } from '../../../lib/pdu/encode.js';
import { Framer, HEADER_LENGTH } from '../../../lib/pdu/framer.js';
import type { DeliverSm, SubmitSm } from '../../../lib/pdu/pdu.js';
import { PduError } from '../../../lib/pdu/pdu-error.js';
import { octetsOf } from '../../wire/golden-pdu.js';
import { GOLDEN_PDUS } from '../../wire/golden-pdus.js';

const RECEIPT_ID = 'ble50673-f8b8-41e8-a143-07a43bb8c86b';
const GOOD = encodePdu({ command: 'enquire_link', sequence_number: 9 });

function golden(name: string): Buffer {
  const found = GOLDEN_PDUS.find((candidate) => candidate.name === name);
  assert.ok(found, name);
  return found.octets;
}

/** The first octets of a PDU as a PDU of its own. */
function shortened(octets: Buffer, length: number): Buffer {
  const copy = Buffer.from(octets.subarray(0, length));
  copy.writeUInt32BE(length, 0);
  return copy;
}

function withLength(octets: Buffer): Buffer {
  return shortened(octets, octets.length);
}

function isRefused(octets: Buffer): boolean {
  try {
    decodePdu(octets);
    return false;
  } catch (error) {
    return error instanceof PduError;
  }
}

const DELIVER_START = "00000000 00000005 00000000 00000001 00 01 01 '45' 00 03 00 '1204' 00 00 00 00";

describe('D1: a PDU that cannot be read', () => {
  for (const [what, poison] of [
    [
      'has a message_state of no octets',
      withLength(octetsOf(`${DELIVER_START} 00 00 00 00 00 00 00 0427 0000`)),
    ],
    ['has a schedule_delivery_time "5R"', withLength(octetsOf(`${DELIVER_START} '5R' 00 00 00 00 00 00 00`))],
    ['ends within its mandatory part', withLength(octetsOf(DELIVER_START))],
  ] as const) {
    it(`does not keep the next from being read when it ${what}`, () => {
      const frames = new Framer().push(Buffer.concat([poison, GOOD]));
      assert.deepEqual(decodePdu(frames[1]!), { command: 'enquire_link', sequence_number: 9 });
    });
  }

  for (const [what, octets] of [
    ['a command_length of 8', octetsOf('00000008 00000015')],
    ['a command_length of 0xffffffff', octetsOf('FFFFFFFF 00000015')],
    ['an HTTP reply', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ] as const) {
    it(`is an error and no silence when it is ${what}`, () => {
      assert.throws(() => new Framer().push(octets), PduError);
    });
  }
});

describe('D8: a command_length of 0 to 4', () => {
  for (const length of [0, 1, 2, 3, 4]) {
    it(`is an error at once when it is ${length}, and no octet is taken for the next PDU`, () => {
      const octets = Buffer.concat([octetsOf(`0000000${length}`), GOOD]);
      assert.throws(() => new Framer().push(octets), PduError);
    });
  }
});

describe('D9: a PDU of which the last octets never came', () => {
  const receipt = golden("a deliver_sm with inMobile's receipt");

  it('is not passed on, however many octets are missing', () => {
    const passedOn = Array.from(receipt.keys()).filter(
      (length) => new Framer().push(receipt.subarray(0, length)).length > 0,
    );
    assert.deepEqual(passedOn, []);
  });

  it('is known to be unfinished when the stream ends', () => {
    const framer = new Framer();
    framer.push(receipt.subarray(0, -1));
    assert.equal(framer.pending, receipt.length - 1);
  });

  it('gives at every length only fields that are whole, when its command_length agrees', () => {
    const cut = Array.from(receipt.keys())
      .slice(HEADER_LENGTH)
      .map((length) => decodePdu(shortened(receipt, length)) as DeliverSm);
    assert.deepEqual(
      [
        new Set(cut.map((pdu) => pdu.source_addr)),
        new Set(cut.map((pdu) => pdu.destination_addr)),
        new Set(cut.map((pdu) => pdu.esm_class)),
      ],
      [new Set(['', '4512345678']), new Set(['', 'inMobile']), new Set([0x3c, 4])],
    );
  });

  it('gives at every length within a parameter what stands before it', () => {
    const whole = golden('a deliver_sm with a receipt in parameters too, one of which we do not know');
    const cut = Array.from(whole.keys())
      .slice(receipt.length)
      .map((length) => decodePdu(shortened(whole, length)) as DeliverSm);
    assert.ok(cut.every((pdu) => receipt.subarray(-pdu.short_message.length).equals(pdu.short_message)));
    assert.deepEqual(new Set(cut.map((pdu) => pdu.receipted_message_id)), new Set([undefined, RECEIPT_ID]));
    assert.deepEqual(new Set(cut.map((pdu) => pdu.message_state)), new Set([undefined, 2]));
  });

  it('is read at every length of a submit_sm_resp with a message_id, whose SMS is accepted all the same', () => {
    const response = golden('a submit_sm_resp');
    const refused = Array.from(response.keys())
      .filter((length) => length >= 16)
      .filter((length) => isRefused(shortened(response, length)));
    assert.deepEqual(refused, []);
  });
});

const SUBMIT_SM: SubmitSm = {
  command: 'submit_sm',
  sequence_number: 1,
  source_addr_ton: 1,
  source_addr_npi: 1,
  source_addr: '45',
  dest_addr_ton: 1,
  dest_addr_npi: 1,
  destination_addr: '4512345678',
  esm_class: 0,
  data_coding: 0,
  registered_delivery: 0,
  short_message: Buffer.alloc(0),
  priority_flag: 0,
  validity_period: '',
};

/** Where data_coding stands in `SUBMIT_SM`: header, then 2 + 2 + 1, 2 + 10 + 1, esm_class to registered_delivery. */
const DATA_CODING_AT = 16 + 1 + 2 + 3 + 2 + 11 + 3 + 1 + 1 + 2;

describe('D16, D17, D18: what is sent', () => {
  it('has every octet that it was given, whatever the data_coding (D16)', () => {
    const short_message = Buffer.from(Array.from({ length: 254 }, (_, index) => index));
    const kept = [0x00, 0x10, 0x08, 0x18, 0x05, 0xf1].filter((data_coding) =>
      encodePdu({ ...SUBMIT_SM, data_coding, short_message })
        .subarray(-254)
        .equals(short_message),
    );
    assert.deepEqual(kept, [0x00, 0x10, 0x08, 0x18, 0x05, 0xf1]);
  });

  it('has the data_coding that it was given, whatever the octets (D17, D18)', () => {
    const codings = [0x00, 0x10, 0x08, 0x18];
    const short_message = Buffer.from([0x4f, 0x60, 0xe7, 0x00]);
    assert.deepEqual(
      codings.map((data_coding) => encodePdu({ ...SUBMIT_SM, data_coding, short_message })[DATA_CODING_AT]),
      codings,
    );
  });
});

describe('D19: what is received', () => {
  it('has every octet that was sent, whatever the data_coding', () => {
    const short_message = Buffer.from([0xfe, 0xff, 0x80, 0x40, 0x24, 0x00, 0x01]);
    const octets = [0x00, 0x01, 0x08, 0x18, 0xf1].map((data_coding) => {
      const pdu = decodePdu(encodePdu({ ...SUBMIT_SM, data_coding, short_message }));
      assert.ok(pdu.command === 'submit_sm');
      return pdu.short_message;
    });
    assert.deepEqual(octets, Array<Buffer>(5).fill(short_message));
  });
});

describe('D21: a C-string parameter without NUL', () => {
  it('ends where its length says', () => {
    const pdu = decodePdu(
      withLength(octetsOf(`${DELIVER_START} 00 00 00 00 00 00 00 001E 0003 'ble' 0427 0001 02`)),
    ) as DeliverSm;
    assert.equal(pdu.receipted_message_id, 'ble');
  });
});
