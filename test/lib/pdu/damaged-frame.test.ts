/** What comes out of a deliver_sm that is not as SMPP has it. fast-check prints the seed of what fails. */
import assert from 'node:assert/strict';

import fc from 'fast-check';

import { decodePdu } from '../../../lib/pdu/decode.js';
import { encodePdu } from '../../../lib/pdu/encode.js';
import { HEADER_LENGTH } from '../../../lib/pdu/framer.js';
import type { DeliverSm } from '../../../lib/pdu/pdu.js';
import { octetsOf } from '../../wire/golden-pdu.js';
import { deliverSm as anyDeliverSm } from './arbitraries.js';

interface Parts {
  readonly service_type?: string;
  readonly source_addr?: string;
  readonly destination_addr?: string;
  readonly esm_class?: string;
  /** sm_length and what it counts. */
  readonly message?: string;
  readonly tlvs?: string;
}

/** A receipt for 4512345678, sound but for what is given; every part as octets. */
function frame({
  service_type = '00',
  source_addr = "01 01 '4512345678' 00",
  destination_addr = "05 00 'Alarm' 00",
  esm_class = '04',
  message = "10 'id:a-1 stat:WORD'",
  tlvs = '',
}: Parts = {}): Buffer {
  const octets = octetsOf(
    `00000000 00000005 00000000 00000007 ${service_type} ${source_addr} ${destination_addr}
     ${esm_class} 00 00 00 00 00 00 00 00 ${message} ${tlvs}`,
  );
  return withLength(octets);
}

function withLength(octets: Buffer): Buffer {
  octets.writeUInt32BE(octets.length, 0);
  return octets;
}

function read(octets: Buffer): { readonly pdu: DeliverSm; readonly flaws: readonly string[] } {
  const flaws: string[] = [];
  const pdu = decodePdu(octets, flaws);
  assert.ok(pdu.command === 'deliver_sm');
  return { pdu, flaws };
}

const SOUND = read(frame()).pdu;

/** Each loses nothing but what is damaged. */
const WHOLE: readonly (readonly [what: string, parts: Parts, flaw: string, changed?: Partial<DeliverSm>])[] =
  [
    [
      'a NUL behind short_message',
      { tlvs: '00' },
      'short_message has an octet behind it that belongs to nothing',
    ],
    [
      'a NUL between short_message and its TLVs',
      { tlvs: '00 0427 0001 02' },
      'short_message has an octet behind it that belongs to nothing',
      { message_state: 2 },
    ],
    ['trailing octets', { tlvs: 'FF FF FF' }, 'TLV is cut short, or octets follow that are none'],
    ['a tag alone', { tlvs: '0427' }, 'TLV is cut short, or octets follow that are none'],
    [
      'its last TLV cut short',
      { tlvs: "0427 0001 02 001E 0004 'a-'" },
      'TLV is cut short, or octets follow that are none',
      { message_state: 2 },
    ],
    [
      'a message_payload cut short',
      { message: '00', tlvs: "0424 0009 'id:a-1'" },
      'message_payload is cut short',
      { short_message: Buffer.alloc(0), message_payload: Buffer.from('id:a-1') },
    ],
    ['an sm_length one too high', { message: "11 'id:a-1 stat:WORD'" }, 'sm_length is one too high'],
    [
      'an sm_length one too high before a TLV',
      { message: "11 'id:a-1 stat:WORD'", tlvs: '0427 0001 02' },
      'sm_length is one too high',
      { message_state: 2 },
    ],
    [
      'an sm_length one too low',
      { message: "0F 'id:a-1 stat:WORD'" },
      'short_message has an octet behind it that belongs to nothing',
      { short_message: Buffer.from('id:a-1 stat:WOR') },
    ],
    [
      'an sm_length one too low before a TLV',
      { message: "0F 'id:a-1 stat:WORD'", tlvs: '0427 0001 02' },
      'short_message has an octet behind it that belongs to nothing',
      { short_message: Buffer.from('id:a-1 stat:WOR'), message_state: 2 },
    ],
    ['an sm_length far beyond the end', { message: "FF 'id:a-1 stat:WORD'" }, 'short_message is cut short'],
    [
      'a service_type of 6 characters',
      { service_type: "'abcdef' 00" },
      'service_type is longer than 5 characters',
    ],
    [
      'a source_addr of 21 characters',
      { source_addr: "01 01 '123456789012345678901' 00" },
      'source_addr is longer than 20 characters',
      { source_addr: '123456789012345678901' },
    ],
    [
      'a source_addr of 500 characters, which is cut',
      { source_addr: `01 01 '${'1'.repeat(500)}' 00` },
      'source_addr is longer than 20 characters',
      { source_addr: '1'.repeat(64) },
    ],
    [
      'a destination_addr of 30 characters',
      { destination_addr: `05 00 '${'x'.repeat(30)}' 00` },
      'destination_addr is longer than 20 characters',
      { destination_addr: 'x'.repeat(30) },
    ],
    ['a service_type without its NUL', { service_type: '' }, 'service_type has no NUL at its end'],
    ['a service_type of 3 without its NUL', { service_type: "'CMT'" }, 'service_type has no NUL at its end'],
    [
      'a source_addr without its NUL',
      { source_addr: "01 01 '4512345678'", destination_addr: "01 01 '4587654321' 00" },
      'source_addr has no NUL at its end',
      { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: '4587654321' },
    ],
    [
      'a destination_addr without its NUL',
      { destination_addr: "05 00 'Alarm'" },
      'destination_addr has no NUL at its end',
    ],
    [
      'another text in message_payload',
      { tlvs: "0424 0003 'Yes'" },
      'short_message stands beside a message_payload that says something else',
      { message_payload: Buffer.from('Yes') },
    ],
    [
      'a message_state of two octets',
      { tlvs: '0427 0002 0002' },
      'message_state has the wrong length',
      { unknown_tlvs: new Map([[0x0427, Buffer.from([0, 2])]]) },
    ],
    [
      'a message_state that comes twice',
      { tlvs: '0427 0001 02 0427 0001 05' },
      'message_state comes twice: the first counts',
      { message_state: 2 },
    ],
  ];

describe('a deliver_sm', () => {
  for (const [what, parts, flaw, changed] of WHOLE) {
    it(`with ${what} keeps all else, and says so`, () => {
      assert.deepEqual(read(frame(parts)), {
        pdu: { ...SOUND, ...changed },
        flaws: [`deliver_sm 7: ${flaw}`],
      });
    });
  }

  it('with the same text in short_message and message_payload has no flaw', () => {
    assert.deepEqual(read(frame({ tlvs: "0424 0010 'id:a-1 stat:WORD'" })).flaws, []);
  });

  it('with parameters that nobody knows has no flaw', () => {
    assert.deepEqual(read(frame({ tlvs: '1400 0000 1400 0001 01 0423 0003 03 0000' })).flaws, []);
  });

  it('that ends before its message has what is left as binary, and what stands before it', () => {
    const { pdu, flaws } = read(withLength(frame().subarray(0, 31)));
    const { source_addr, destination_addr, esm_class, data_coding, short_message } = pdu;
    assert.deepEqual(
      { source_addr, destination_addr, esm_class, data_coding, short_message, flaws },
      {
        source_addr: '4512345678',
        destination_addr: '',
        esm_class: 0x3c,
        data_coding: 4,
        short_message: Buffer.alloc(0),
        flaws: ['deliver_sm 7: dest_addr_npi is missing'],
      },
    );
  });

  it('that ends within an address has it as binary, for part of a number is another number', () => {
    const { pdu, flaws } = read(withLength(frame().subarray(0, 25)));
    assert.deepEqual(
      [pdu.source_addr, Buffer.from(pdu.short_message).toString('latin1'), pdu.data_coding],
      ['', '451234', 4],
    );
    assert.deepEqual(flaws, ['deliver_sm 7: source_addr has no end']);
  });

  it('that is a receipt stays one when it ends before its message', () => {
    const whole = frame();
    const { pdu } = read(withLength(whole.subarray(0, whole.indexOf(0x10, HEADER_LENGTH))));
    assert.equal(pdu.esm_class, 4);
  });

  it('shows in its flaws nothing of what it holds', () => {
    const { flaws } = read(frame({ source_addr: `01 01 '${'4512345678'.repeat(3)}' 00`, tlvs: "'secret'" }));
    assert.doesNotMatch(flaws.join(), /45123|secret/);
  });
});

interface Field {
  readonly name: keyof DeliverSm;
  readonly end: number;
}

/** Where each field ends, in the order of SMPP 3.4 §4.6.1; those without a name here are not ours. */
function fieldsOf(pdu: DeliverSm): readonly Field[] {
  const lengths: readonly (readonly [keyof DeliverSm | undefined, number])[] = [
    [undefined, HEADER_LENGTH + 1],
    ['source_addr_ton', 1],
    ['source_addr_npi', 1],
    ['source_addr', pdu.source_addr.length + 1],
    ['dest_addr_ton', 1],
    ['dest_addr_npi', 1],
    ['destination_addr', pdu.destination_addr.length + 1],
    ['esm_class', 1],
    [undefined, 4],
    ['registered_delivery', 1],
    [undefined, 1],
    ['data_coding', 1],
    [undefined, 1],
    ['short_message', pdu.short_message.length + 1],
    ['sar_msg_ref_num', tlvLength(pdu.sar_msg_ref_num, 2)],
    ['sar_total_segments', tlvLength(pdu.sar_total_segments, 1)],
    ['sar_segment_seqnum', tlvLength(pdu.sar_segment_seqnum, 1)],
    ['message_payload', tlvLength(pdu.message_payload, pdu.message_payload?.length ?? 0)],
    [
      'receipted_message_id',
      tlvLength(pdu.receipted_message_id, (pdu.receipted_message_id?.length ?? 0) + 1),
    ],
    ['message_state', tlvLength(pdu.message_state, 1)],
  ];
  let end = 0;
  return lengths.flatMap(([name, length]) => {
    end += length;
    return name === undefined || pdu[name] === undefined ? [] : [{ name, end }];
  });
}

function tlvLength(value: unknown, length: number): number {
  return value === undefined ? 0 : 4 + length;
}

/** One octet changed, inserted or deleted, or the rest cut off; from the body on. */
const mutation = fc.record({
  kind: fc.constantFrom('changed', 'inserted', 'deleted', 'cut'),
  at: fc.nat(0xffff),
  octet: fc.nat(0xff),
});

function mutated(
  octets: Buffer,
  { kind, at, octet }: { readonly kind: string; readonly at: number; readonly octet: number },
): Buffer {
  const place = HEADER_LENGTH + (at % (octets.length - HEADER_LENGTH + 1));
  const before = octets.subarray(0, place);
  if (kind === 'cut') return withLength(Buffer.from(before));
  const added = kind === 'deleted' ? [] : [octet];
  const after = octets.subarray(kind === 'inserted' ? place : place + 1);
  return withLength(Buffer.concat([before, Buffer.from(added), after]));
}

/** The first octet that is another: where several mutations give the same octets, the last of them. */
function firstDifference(before: Buffer, after: Buffer): number {
  let at = HEADER_LENGTH;
  while (at < before.length && at < after.length && before[at] === after[at]) at += 1;
  return at;
}

/** As a network writes them: without control characters. */
const valid = process.env.ALL
  ? anyDeliverSm
  : anyDeliverSm.filter(
      ({ source_addr, destination_addr }) => !/[\x00-\x1f]/.test(source_addr + destination_addr),
    );

describe('any deliver_sm with any one octet changed, inserted or deleted, or cut anywhere', () => {
  it('has every field that stands before that', () => {
    fc.assert(
      fc.property(valid, mutation, (pdu, change) => {
        const octets = encodePdu(pdu);
        const damaged = mutated(octets, change);
        const at = firstDifference(octets, damaged);
        const { pdu: found } = read(damaged);
        for (const { name, end } of fieldsOf(pdu)) {
          // An octet that was deleted right behind a text may have been its last: sm_length is one too high then.
          const isBefore = name === 'short_message' && change.kind === 'deleted' ? end < at : end <= at;
          if (isBefore) assert.deepEqual(found[name], pdu[name], name);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
