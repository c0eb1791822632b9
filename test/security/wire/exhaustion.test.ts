/**
 * Input made to cost much: TLV storms, and parts of messages that never become whole.
 *
 * Work is bounded by comparing an input with one of a quarter of its size, never by a clock alone. The whole of
 * 255 parts under 10 000 references is a run by command:
 * `SMPP_REFERENCES=10000 npx mocha test/security/wire/exhaustion.test.ts`
 */
import assert from 'node:assert/strict';
import { readPart } from '../../../lib/inbox/message-part.js';
import { Reassembler } from '../../../lib/inbox/reassembler.js';
import { parseReceipt } from '../../../lib/receipt/parse-receipt.js';
import { partDelivery } from '../../lib/inbox/builders.js';
import { receiptDelivery } from '../../lib/receipt/builders.js';
import { bound } from '../../lib/session/builders.js';
import { heapInUse } from '../heap-in-use.js';
import { deliverSm } from './hostile-pdus.js';
import { takeIn } from './take-in.js';

const REFERENCES = Number(process.env.SMPP_REFERENCES ?? 250);
const PARTS = 255;
const REASSEMBLER_HEAP_MAX = 20_000_000;
const WAIT = 300;
const TRIES = 7;

/** Four times the input in more than this many times the time is more than linear work, noise allowed for. */
const TIMES_MAX = 12;

function fastest(work: () => void): number {
  const times = Array.from({ length: TRIES }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return Math.min(...times);
}

function assertLinear(work: (size: number) => () => void, size: number): void {
  const quarter = work(size / 4);
  const whole = work(size);
  quarter();
  const ratio = fastest(whole) / fastest(quarter);
  assert.ok(ratio < TIMES_MAX, `four times the input took ${ratio.toFixed(1)} times as long`);
}

function tlvs(count: number, tag: (index: number) => number): Buffer {
  const octets = Buffer.alloc(4 * count);
  for (let index = 0; index < count; index += 1) octets.writeUInt16BE(tag(index), 4 * index);
  return octets;
}

describe('a storm of TLVs', () => {
  const STORM = 16_000;
  for (const [what, tag] of [
    ['that are all different', (index: number) => index],
    ['of one tag that nobody knows', () => 0x1400],
    ['of message_payload', () => 0x0424],
  ] as const) {
    it(`${what} is read in linear time`, () => {
      assertLinear((count) => {
        const octets = deliverSm({ tlvs: tlvs(count, tag) });
        return () => assert.equal(takeIn(bound(), [octets]).deliveries.length, 1);
      }, STORM);
    });
  }
});

describe('a receipt of 64 KiB', () => {
  for (const [what, unit] of [
    ['white space', ' '],
    ['empty ids', 'id: '],
    ['labels that are never closed', 'submit  date '],
    ['colons', ':'],
    ['a date label in pieces', 'done \n\0 date'],
    ['one long word', 'x'],
  ] as const) {
    it(`of ${what} is read in linear time`, () => {
      assertLinear((size) => {
        const delivery = receiptDelivery(unit.repeat(size / unit.length));
        return () => assert.ok(parseReceipt(delivery));
      }, 64_000);
    });
  }
});

describe(`parts of messages that never become whole, ${PARTS} under each of ${REFERENCES} references`, function () {
  this.timeout(60_000 + 60 * REFERENCES);

  const ORDERS: readonly (readonly [string, (index: number) => { reference: number; sequence: number }])[] = [
    [
      'message by message',
      (index) => ({ reference: Math.floor(index / (PARTS - 1)), sequence: (index % (PARTS - 1)) + 1 }),
    ],
    [
      'a part of each in turn',
      (index) => ({ reference: index % REFERENCES, sequence: Math.floor(index / REFERENCES) + 1 }),
    ],
  ];

  for (const [order, placeOf] of ORDERS) {
    it(`${order}, take 20 MB at most, and every part comes out`, () => {
      const body = new Uint8Array(134);
      const reassembler = new Reassembler(WAIT);
      const before = heapInUse();
      const total = (PARTS - 1) * REFERENCES;
      let out = 0;
      for (let index = 0; index < total; index += 1) {
        const delivery = partDelivery(body, { ...placeOf(index), total: PARTS, width: 16 });
        const { part, place } = readPart(delivery, 0);
        for (const message of reassembler.add(part, place!, 0).messages) out += message.parts.length;
      }
      const growth = heapInUse() - before;
      for (const message of reassembler.expire(WAIT).messages) out += message.parts.length;
      assert.deepEqual([out, growth < REASSEMBLER_HEAP_MAX], [total, true], `${growth} octets`);
    });
  }
});

describe('a user data header and SAR parameters that disagree', () => {
  const sar = '020c 0002 0063 020e 0001 02 020f 0001 02';

  it('count as the user data header says', () => {
    const parts = ['01', '02'].map((sequence) =>
      deliverSm({ esmClass: '40', message: `07 05 00 03 01 02 ${sequence} 41`, tlvs: sar }),
    );
    const { texts } = takeIn(bound(), parts, new Reassembler(WAIT));
    assert.deepEqual(texts, ['AA']);
  });

  it('count as the SAR parameters say when the header is none', () => {
    const parts = ['01', '02'].map((sequence) =>
      deliverSm({
        esmClass: '40',
        message: "05 03 05 01 00 'A'",
        tlvs: `020c 0002 0063 020e 0001 02 020f 0001 ${sequence}`,
      }),
    );
    const { texts } = takeIn(bound(), parts, new Reassembler(WAIT));
    assert.deepEqual(texts, ['AA']);
  });
});
