/**
 * Input made to cost much: TLV storms, and parts of messages that never become whole.
 *
 * Work is bounded by comparing an input with one of a quarter of its size, never by a clock alone. The whole of
 * 255 parts under 10 000 references is a run by command:
 * `SMPP_REFERENCES=10000 npx mocha test/security/wire/exhaustion.test.ts`
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Reassembler } from '../../../lib/inbox/reassembler.js';
import { parseReceipt } from '../../../lib/receipt/parse-receipt.js';
import { receiptDelivery } from '../../lib/receipt/builders.js';
import { bound } from '../../lib/session/builders.js';
import { measuredAlone } from '../../support/alone.js';
import { deliverSm } from './hostile-pdus.js';
import type { PartsMeasured, PartsTask } from './parts-heap.js';
import { takeIn } from './take-in.js';

const REFERENCES = Number(process.env.SMPP_REFERENCES ?? 250);
const PARTS = 255;
const PARTS_HEAP = join(__dirname, 'parts-heap.ts');
const REASSEMBLER_HEAP_MAX = 20_000_000;
const WAIT = 300;
const TRIES = 7;
/** A ratio that is too large is measured again: the machine may have been busy. What is not linear never gets there. */
const ROUNDS = 5;

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
  let ratio = Infinity;
  for (let round = 0; round < ROUNDS && ratio >= TIMES_MAX; round += 1) {
    ratio = Math.min(ratio, fastest(whole) / fastest(quarter));
  }
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

  for (const order of ['message by message', 'a part of each in turn'] as const) {
    it(`${order}, take 20 MB at most, and every part comes out`, async () => {
      const task: PartsTask = { order, references: REFERENCES, parts: PARTS };
      const { growth, total, out } = await measuredAlone<PartsMeasured>(PARTS_HEAP, task);
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
