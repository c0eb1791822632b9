import assert from 'node:assert/strict';

import fc from 'fast-check';

import { readPart, type WholeMessage } from '../../../lib/inbox/message-part.js';
import { readSms } from '../../../lib/inbox/read-sms.js';
import { Reassembler, type Reassembly } from '../../../lib/inbox/reassembler.js';
import type { StoredPart } from '../../../lib/inbox/stored-part.js';
import type { Delivery } from '../../../lib/message.js';
import type { Change } from '../../../lib/storage/storage.js';
import { partDelivery, partsOf, smsDelivery } from './builders.js';

const WAIT = 300;

/** A reassembler, the records that it would have stored, and the texts of the messages that it gave. */
class Bench {
  reassembler = new Reassembler(WAIT);
  readonly records = new Map<string, unknown>();
  readonly given: WholeMessage[] = [];

  add(delivery: Delivery, now = 0): Reassembly {
    const { part, place } = readPart(delivery, now);
    assert.ok(place, 'it is a part');
    return this.take(this.reassembler.add(part, place, now));
  }

  take(reassembly: Reassembly): Reassembly {
    for (const { key, value } of reassembly.changes) this.#apply(key, value);
    this.given.push(...reassembly.messages);
    return reassembly;
  }

  expire(now: number): void {
    for (const ended of this.reassembler.expire(now)) this.take(ended);
  }

  restart(now: number): void {
    this.reassembler = new Reassembler(WAIT);
    for (const record of this.records.values()) this.reassembler.restore(record as StoredPart, now);
  }

  #apply(key: string, value: Change['value']): void {
    if (value === undefined) this.records.delete(key);
    else this.records.set(key, structuredClone(value));
  }

  get texts(): readonly string[] {
    return this.given.map((message) => readSms(message)!.text);
  }
}

const [one, two, three] = partsOf('abcdef', 2) as [Delivery, Delivery, Delivery];

describe('Reassembler', () => {
  it('joins parts that come in order', () => {
    const on = new Bench();
    for (const part of [one, two, three]) on.add(part);
    assert.deepEqual(on.texts, ['abcdef']);
  });

  it('joins them in any order, also those of a message that is sent once more meanwhile', () => {
    const twice = [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6];
    const orders = fc.tuple(
      fc.shuffledSubarray(twice, { minLength: twice.length }),
      fc.constantFrom(1, 2, Infinity),
    );
    const parts = partsOf('abcdefghijklm', 2);
    fc.assert(
      fc.property(orders, ([order, restartEvery]) => {
        const on = new Bench();
        order.forEach((index, count) => {
          if ((count + 1) % restartEvery === 0) on.restart(0);
          on.add(parts[index]!);
        });
        assert.deepEqual([on.texts, on.records.size], [['abcdefghijklm', 'abcdefghijklm'], 0]);
      }),
    );
  });

  it('waits for the rest of a message whose part came twice', () => {
    const on = new Bench();
    for (const part of [one, one, two, three]) on.add(part);
    on.expire(WAIT);
    assert.deepEqual([on.texts, on.records.size], [['abcdef', 'ab'], 0]);
  });

  for (const [what, other] of [
    ['references', partsOf('uvwxyz', 2, { reference: 8 })],
    ['senders', partsOf('uvwxyz', 2).map((part) => ({ ...part, from: '4587654321' }))],
    ['receivers', partsOf('uvwxyz', 2).map((part) => ({ ...part, to: '1205' }))],
    ['totals', partsOf('uvwxyzuv', 2)],
    ['widths of the reference', partsOf('uvwxyz', 2, { width: 16 })],
    ['kinds', partsOf('uvwxyz', 2).map((part) => ({ ...part, kind: 'receipt' as const }))],
  ] as const) {
    it(`tells apart messages with different ${what}`, () => {
      const on = new Bench();
      const mixed = [one, other[0]!, two, other[1]!, three, ...other.slice(2)];
      for (const part of mixed) on.add(part);
      assert.deepEqual(on.texts, ['abcdef', other.length === 3 ? 'uvwxyz' : 'uvwxyzuv']);
    });
  }

  it('joins parts of an SMS whose message types differ', () => {
    const on = new Bench();
    for (const part of [one, { ...two, kind: 'other' as const }, three]) on.add(part);
    assert.deepEqual(on.texts, ['abcdef']);
  });

  it('joins parts by SMPP’s own TLVs', () => {
    const on = new Bench();
    on.add(smsDelivery('b', { sar: { reference: 1, total: 2, sequence: 2 } }));
    on.add(smsDelivery('a', { sar: { reference: 1, total: 2, sequence: 1 } }));
    assert.deepEqual(on.texts, ['ab']);
  });

  it('gives a message up when the wait since its first part is over', () => {
    const on = new Bench();
    on.add(one, 0);
    on.add(three, WAIT - 1);
    on.expire(WAIT);
    assert.deepEqual([on.texts, on.records.size], [['abef'], 0]);
  });

  it('does not give it up before', () => {
    const on = new Bench();
    on.add(one, 0);
    on.expire(WAIT - 1);
    assert.deepEqual([on.texts, on.reassembler.nextAt], [[], WAIT]);
  });

  it('gives up the old message when its reference is used for another', () => {
    const on = new Bench();
    on.add(one);
    const [other] = partsOf('uvwxyz', 2);
    on.add(other!);
    on.add(two);
    on.add(three);
    assert.deepEqual(on.texts, ['ab', 'uvcdef']);
  });

  it('takes a message with the same reference after the first is whole', () => {
    const on = new Bench();
    for (const part of [one, two, three, ...partsOf('uvwxyz', 2)]) on.add(part);
    assert.deepEqual(on.texts, ['abcdef', 'uvwxyz']);
  });

  describe('after a restart', () => {
    it('joins with the parts of before', () => {
      const on = new Bench();
      on.add(three);
      on.add(one);
      on.restart(0);
      on.add(two);
      assert.deepEqual([on.texts, on.records.size], [['abcdef'], 0]);
    });

    it('knows of a part that its text is by a national table', () => {
      const on = new Bench();
      const octets = Buffer.from([8, 0x00, 3, 7, 2, 1, 0x24, 1, 1, 0x61]);
      on.add(smsDelivery('', { octets, hasUserDataHeader: true }));
      on.restart(0);
      on.add(partDelivery(Buffer.from('b'), { total: 2, sequence: 2 }));
      assert.equal(readSms(on.given[0]!)!.binary, '6162');
    });

    it('waits the whole time anew', () => {
      const on = new Bench();
      on.add(one);
      on.restart(1_000);
      assert.equal(on.reassembler.nextAt, 1_000 + WAIT);
    });

    it('does not take the records of a message of before for those of another', () => {
      const on = new Bench();
      on.add(one);
      on.restart(0);
      on.add(partsOf('uvwxyz', 2, { reference: 8 })[0]!);
      assert.equal(on.records.size, 2);
    });
  });

  describe('within its bounds', () => {
    it('has the oldest of more than a thousand messages give way, as it is', () => {
      const on = new Bench();
      for (let reference = 0; reference <= 1_000; reference += 1) {
        on.add(partDelivery(Buffer.from('a'), { reference, width: 16, total: 2, sequence: 1 }));
      }
      assert.deepEqual([on.given.length, on.reassembler.size, on.records.size], [1, 1_000, 1_000]);
    });

    it('keeps or gives every part of 255 parts under 10 000 references', () => {
      const reassembler = new Reassembler(WAIT);
      let given = 0;
      let added = 0;
      for (let round = 1; round < 4; round += 1) {
        for (let reference = 0; reference < 10_000; reference += 1) {
          const delivery = partDelivery(Buffer.alloc(134), {
            reference,
            width: 16,
            total: 255,
            sequence: round,
          });
          const { part, place } = readPart(delivery, 0);
          added += 1;
          for (const message of reassembler.add(part, place!, 0).messages) given += message.parts.length;
        }
      }
      let kept = 0;
      for (const { messages } of reassembler.expire(WAIT))
        for (const { parts } of messages) kept += parts.length;
      assert.deepEqual([given + kept, kept], [added, 1_000]);
    });

    it('gives up a message that is longer than any, and the part that is too much begins another', () => {
      const on = new Bench();
      for (let sequence = 1; sequence <= 20; sequence += 1)
        on.add(partDelivery(Buffer.alloc(60_000), { total: 255, sequence }));
      assert.deepEqual(
        on.given.map(({ parts }) => parts.length),
        [16],
      );
      on.expire(WAIT);
      assert.deepEqual(
        on.given.map(({ parts }) => parts.map(({ sequence }) => sequence)),
        [Array.from({ length: 16 }, (_, index) => index + 1), [17, 18, 19, 20]],
      );
      assert.equal(on.records.size, 0);
    });

    it('keeps less than 20 MB of large parts', () => {
      const on = new Bench();
      for (let reference = 0; reference < 400; reference += 1) {
        on.add(partDelivery(Buffer.alloc(60_000), { reference, width: 16, total: 2, sequence: 1 }));
      }
      assert.ok(on.reassembler.size * 60_000 < 20_000_000, `${on.reassembler.size} messages`);
    });
  });

  describe('when its changes could not be stored', () => {
    it('takes a part as never come', () => {
      const on = new Bench();
      on.add(one).undo();
      for (const part of [two, three]) on.add(part);
      assert.deepEqual(on.texts, []);
    });

    it('has the part that completed a message complete it again', () => {
      const on = new Bench();
      for (const part of [one, two]) on.add(part);
      on.add(three).undo();
      on.given.length = 0;
      on.add(three);
      assert.deepEqual(on.texts, ['abcdef']);
    });

    it('has each of two equal messages again whose changes failed', () => {
      const on = new Bench();
      for (const part of [one, one, two, two]) on.add(part);
      const failed = [on.add(three), on.add(three)];
      for (const { undo } of failed.reverse()) undo();
      on.given.length = 0;
      for (const part of [three, three]) on.add(part);
      assert.deepEqual([on.texts, on.records.size], [['abcdef', 'abcdef'], 0]);
    });

    it('does not take back a part that came after the one that failed', () => {
      const on = new Bench();
      const first = on.add(one);
      on.add(two);
      first.undo();
      on.add(one);
      on.add(three);
      assert.deepEqual(on.texts, ['abcdef']);
    });

    it('gives up later what alone it could not give up, and the others now', () => {
      const on = new Bench();
      on.add(one);
      on.add(partsOf('uvwxyz', 2, { reference: 8 })[0]!);
      const [first, second] = on.reassembler.expire(WAIT);
      first!.undo();
      on.take(second!);
      assert.deepEqual(on.texts, ['uv']);
      on.expire(WAIT + 5_000);
      assert.deepEqual(on.texts, ['uv', 'ab']);
    });

    it('gives up later what it could not give up', () => {
      const on = new Bench();
      on.add(one);
      for (const { undo } of on.reassembler.expire(WAIT)) undo();
      on.expire(WAIT + 5_000);
      assert.deepEqual(on.texts, ['ab']);
    });

    it('has no part left of a message whose only part failed', () => {
      const on = new Bench();
      on.add(one).undo();
      assert.equal(on.reassembler.size, 0);
    });
  });
});

describe('readPart', () => {
  for (const [what, sar] of [
    ['total 0', { reference: 1, total: 0, sequence: 0 }],
    ['total 1', { reference: 1, total: 1, sequence: 1 }],
    ['sequence 0', { reference: 1, total: 2, sequence: 0 }],
    ['a sequence beyond the total', { reference: 1, total: 2, sequence: 3 }],
  ] as const) {
    it(`takes ${what} for a message by itself`, () => {
      assert.equal(readPart(smsDelivery('a', { sar }), 0).place, undefined);
    });
  }

  it('believes the user data header rather than the TLVs', () => {
    const { place } = readPart({ ...one, sar: { reference: 99, total: 9, sequence: 9 } }, 0);
    assert.deepEqual(place, { reference: 7, total: 3, sequence: 1, width: 8 });
  });

  it('keeps no view on the octets that the socket read', () => {
    const octets = Buffer.from('abc');
    const { part } = readPart(smsDelivery('', { octets }), 0);
    octets.fill(0);
    assert.equal(Buffer.from(part.body).toString(), 'abc');
  });
});
