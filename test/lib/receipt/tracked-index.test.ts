import assert from 'node:assert/strict';

import type { TrackedRecord } from '../../../lib/receipt/join-receipt.js';
import { hashOf } from '../../../lib/receipt/key-chains.js';
import { PackedSms } from '../../../lib/receipt/packed-sms.js';
import { TrackedIndex } from '../../../lib/receipt/tracked-index.js';
import { received, trackedRecord } from './builders.js';

const sms = (id: string, ...messageIds: readonly string[]): TrackedRecord =>
  trackedRecord({ id, messageIds, to: '45', acceptedAt: 1_000 });

/** Different ids of one hash: from the end of it two characters back, and from any beginning one on. */
function alike(count: number, hash: (id: string) => number): string[] {
  const inverse = 0x359c449b; // of the prime of FNV-1a, modulo 2³²
  const target = unfolded(hash('a'));
  const ends = new Map<number, readonly [state: number, end: string]>();
  for (let last = 97; last < 256; last += 1) {
    for (let before = 97; before < 256; before += 1) {
      const state = Math.imul(Math.imul(Math.imul(target, inverse) ^ last, inverse) ^ before, inverse);
      ends.set(state >>> 8, [state, String.fromCharCode(before, last)]);
    }
  }
  const ids: string[] = [];
  for (let number = 0; ids.length < count; number += 1) {
    const begun = unfolded(hash(`${number}-`));
    const [state, end] = ends.get(begun >>> 8) ?? [];
    const next = state === undefined ? 0 : (state ^ begun) >>> 0;
    if (next >= 97 && next < 256) ids.push(`${number}-${String.fromCharCode(next)}${end}`);
  }
  return ids;
}

/** What `hashOf` had before it mixed its upper half in. */
function unfolded(hash: number): number {
  const upper = hash ^ (hash >>> 15);
  return hash ^ (upper >>> 15);
}

class Index {
  readonly index: TrackedIndex;

  constructor(isWhole = true, room = 0) {
    this.index = new TrackedIndex({ isWhole, room });
  }

  add(record: TrackedRecord): number {
    return this.index.add(record, record.acceptedAt);
  }

  find(messageId: string): string | undefined {
    return this.#idOf(this.index.find({ ...received({ messageId }), phone: '45' }));
  }

  lastTo(phone: string): string | undefined {
    return this.#idOf(this.index.lastTo(phone));
  }

  #idOf(number: number | undefined): string | undefined {
    return number === undefined ? undefined : this.index.idOf(number);
  }
}

describe('TrackedIndex', () => {
  it('finds an SMS by the id of any segment', () => {
    const index = new Index();
    index.add(sms('sms-1', 'a', 'b'));
    assert.equal(index.find('b'), 'sms-1');
  });

  for (const [known, asked] of [
    ['abc', 'ABC'],
    ['ABC', 'abc'],
    ['AbC', 'aBc'],
  ] as const) {
    it(`finds ${known} as ${asked}`, () => {
      const index = new Index();
      index.add(sms('sms-1', known));
      assert.equal(index.find(asked), 'sms-1');
    });
  }

  it('prefers the exact id to another letter case', () => {
    const index = new Index();
    index.add(sms('sms-1', 'abc'));
    index.add(sms('sms-2', 'ABC'));
    assert.deepEqual([index.find('abc'), index.find('ABC')], ['sms-1', 'sms-2']);
  });

  for (const room of [1, 1_024, 3_000, 10_000]) {
    it(`finds each of 3 000, with room for ${room} from the start`, () => {
      const index = new Index(true, room);
      for (let number = 0; number < 3_000; number += 1) index.add(sms(`sms-${number}`, `m-${number}`));
      for (let number = 0; number < 3_000; number += 1)
        assert.equal(index.find(`m-${number}`), `sms-${number}`);
    });
  }

  it('looks at few for a receipt, also where somebody chose ids of one hash', () => {
    const index = new Index();
    // The hash of an id that begins with 0x1b873593, as it was in every process.
    const chosen = alike(300, (id) => hashOf(id, 0x1b873593));
    assert.equal(new Set(chosen.map((id) => hashOf(id, 0x1b873593))).size, 1);
    for (const id of chosen) index.add(sms(`sms-${id}`, id));
    const { messageIdsAt } = PackedSms.prototype;
    let looked = 0;
    PackedSms.prototype.messageIdsAt = function (place) {
      looked += 1;
      return messageIdsAt.call(this, place);
    };
    try {
      assert.equal(index.find(chosen[0]!), `sms-${chosen[0]}`);
      assert.ok(looked < 10, `${looked}`);
    } finally {
      PackedSms.prototype.messageIdsAt = messageIdsAt;
    }
  });

  it('finds nothing for an absent id', () => {
    const index = new Index();
    index.add(sms('sms-1', '', 'a'));
    assert.equal(index.find(''), undefined);
  });

  it('knows the last SMS to a phone', () => {
    const index = new Index();
    index.add(sms('sms-1', 'a'));
    index.add({ ...sms('sms-2', 'b'), acceptedAt: 2_000 });
    assert.equal(index.lastTo('45'), 'sms-2');
  });

  it('forgets what is too old', () => {
    const index = new Index();
    index.add(sms('sms-1', 'a'));
    index.add({ ...sms('sms-2', 'b'), acceptedAt: 2_000 });
    index.index.removeOld(2_000);
    assert.deepEqual([index.find('a'), index.find('b')], [undefined, 'sms-2']);
  });

  it('keeps what a later SMS has taken over from the one it forgets', () => {
    const index = new Index();
    index.add(sms('sms-1', 'a'));
    index.add({ ...sms('sms-2', 'a'), acceptedAt: 2_000 });
    index.index.removeOld(2_000);
    assert.deepEqual([index.find('a'), index.lastTo('45')], ['sms-2', 'sms-2']);
  });

  it('forgets a phone with the last SMS to it', () => {
    const index = new Index();
    index.add({ ...sms('sms-1', 'a'), to: '46' });
    index.add({ ...sms('sms-2', 'b'), acceptedAt: 2_000 });
    index.index.removeOld(2_000);
    assert.deepEqual([index.lastTo('46'), index.lastTo('45')], [undefined, 'sms-2']);
  });

  for (const [whose, isWhole, named] of [
    ['that storage has, and names them', false, ['sms-0', 5_000]],
    ['that nobody else has', true, [undefined, 0]],
  ] as const) {
    it(`lets the oldest give way beyond its bound, of records ${whose}`, () => {
      const index = new Index(isWhole);
      const gaveWay: string[] = [];
      for (let count = 0; count <= 500_000; count += 1) {
        index.add(sms(`sms-${count}`, `m-${count}`));
        gaveWay.push(...index.index.giveWay());
      }
      assert.deepEqual([gaveWay[0], gaveWay.length], named);
      const found = ['m-0', 'm-5000', 'm-500000'].map((messageId) => index.find(messageId));
      assert.deepEqual(found, [undefined, 'sms-5000', 'sms-500000']);
    });
  }

  for (const [what, record] of Object.entries<Partial<TrackedRecord>>({
    'of one segment': {},
    'of several': {
      messageIds: ['a', 'bb', ''],
      reports: [{ state: 'DELIVRD', errorNumber: 0 }, null, null],
    },
    'of several, of which one has failed': {
      messageIds: ['a', 'b'],
      reports: [{ state: 'UNDELIV', errorNumber: 3 }, null],
      failure: { segment: 0, messageId: 'A', raw: 'id:A' },
    },
    'that asked for no receipt': { receipt: 'never' },
    'with a correlation': { correlation: { order: [7, 'ψ'] } },
    'with a correlation larger than a piece': { correlation: 'æ'.repeat(70_000) },
    'with half a character as correlation': { correlation: '\ud800' },
    'with a correlation that looks like JSON': { correlation: '{"a":1}' },
    'with a correlation that begins with NUL': { correlation: '\0' },
    'with an empty correlation': { correlation: '' },
    'whose state is known': {
      reports: [{ state: 'UNDELIV', errorRaw: '?' }],
      said: 'UNDELIV',
      overdueMs: 60,
    },
  })) {
    it(`gives back an SMS ${what}`, () => {
      const index = new Index();
      index.add(sms('sms-0', 'm'));
      const kept = trackedRecord(record);
      const number = index.add(kept);
      index.add(sms('sms-2', 'n'));
      assert.deepEqual(index.index.recordOf(number), kept);
    });
  }

  it('gives back what has become of more SMS than share an outcome', () => {
    const index = new Index();
    const records = Array.from({ length: 1_500 }, (_, errorNumber) =>
      trackedRecord({ messageIds: [`m-${errorNumber}`], reports: [{ state: 'UNDELIV', errorNumber }] }),
    );
    const numbers = records.map((record) => index.add(record));
    assert.deepEqual(
      numbers.map((number) => index.index.recordOf(number)),
      records,
    );
  });

  it('leaves out a correlation that storage has', () => {
    const index = new Index(false);
    const number = index.add(trackedRecord({ correlation: 7 }));
    assert.deepEqual([index.index.isPartial(number), index.index.recordOf(number)], [true, trackedRecord()]);
  });

  it('finds each of many that come and go', () => {
    const index = new Index();
    for (let count = 0; count < 20_000; count += 1) {
      index.add({ ...sms(`sms-${count}`, `m-${count}`), acceptedAt: count });
      if (count % 10 === 0) index.index.removeOld(count - 3_000);
    }
    const found = Array.from({ length: 20_000 }, (_, count) => index.find(`m-${count}`));
    assert.deepEqual(
      found,
      found.map((_, count) => (count < 16_990 ? undefined : `sms-${count}`)),
    );
  });
});
