/** The index against a plain Map: whatever comes, goes and is asked for, both say the same. */
import assert from 'node:assert/strict';

import fc from 'fast-check';

import { type Bounds, DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import { isSettled, type ReceivedReceipt, type TrackedRecord } from '../../../lib/receipt/join-receipt.js';
import { isSamePhone, phoneKey, TrackedIndex } from '../../../lib/receipt/tracked-index.js';
import { received, trackedRecord } from './builders.js';

/** Octets of a piece of `packed-sms.ts`. */
const PIECE = 0x10000;

/** Lengths at which something may change: none, one, and those round each limit of a field or a piece. */
const LENGTHS = [
  0, 1, 2, 255, 256, 257, 21_799, 21_800, 21_801, 21_845, 21_846, 32_767, 32_768, 32_769, 43_690, 43_691,
  65_400, 65_450, 65_500, 65_519, 65_534, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 262_143, 262_144,
] as const;

/** Of 1, 2, 3 and 4 octets in UTF-8; the last takes two code units. */
const CHARACTERS = ['a', 'æ', '€', '😀', '"', '\0'] as const;

const text: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...CHARACTERS), fc.oneof(fc.constantFrom(...LENGTHS), fc.nat(200)))
  .map(([character, length]) => character.repeat(Math.floor(length / character.length)));

const correlation: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: text.map((value) => ({ value })) },
  { weight: 1, arbitrary: fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value))) },
);

const messageId = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: fc.constantFrom('a', 'B', 'b', 'Æ'), maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(64, 65, 255, 256, 65_519).map((length) => 'x'.repeat(length)) },
);

const phone = fc.constantFrom(
  '4512345678',
  '+4512345678',
  '004512345678',
  '4587654321',
  '45',
  '8'.repeat(20),
);

interface Sms {
  readonly messageIds: readonly string[];
  readonly to: string;
  readonly from: string;
  readonly correlation: unknown;
}

const sms: fc.Arbitrary<Sms> = fc.record({
  messageIds: fc.array(messageId, { minLength: 1, maxLength: 4 }),
  to: phone,
  from: fc.constantFrom('', 'Alarm', '1'.repeat(15)),
  correlation,
});

type Step =
  | { readonly kind: 'add'; readonly sms: Sms }
  | { readonly kind: 'many'; readonly count: number }
  | { readonly kind: 'copy'; readonly at: number; readonly messageIds: readonly string[] }
  | { readonly kind: 'update'; readonly at: number; readonly errorNumber: number }
  | { readonly kind: 'removeOld'; readonly left: number }
  | { readonly kind: 'giveWay' };

/** Mostly small, so that each is met by some SMS. */
const bounds: fc.Arbitrary<Bounds> = fc
  .record(
    {
      trackedSms: fc.integer({ min: 1, max: 300 }),
      trackedOctets: fc.integer({ min: 1, max: 300_000 }),
      trackedBlockOctets: fc.constantFrom(1, 70, 100, 1_000, 0xffff),
      trackedRoom: fc.constantFrom(1, 2, 16),
      unlinkedKeys: fc.integer({ min: 1, max: 10 }),
      sharedOutcomes: fc.integer({ min: 1, max: 4 }),
      sameIdSms: fc.integer({ min: 1, max: 4 }),
    },
    { requiredKeys: [] },
  )
  .map((small) => ({ ...DEFAULT_BOUNDS, ...small }));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: sms.map((given) => ({ kind: 'add', sms: given }) as const) },
  { weight: 1, arbitrary: fc.nat(3_000).map((count) => ({ kind: 'many', count }) as const) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(10_000), fc.nat(3_000))
      .map(([at, errorNumber]) => ({ kind: 'update', at, errorNumber }) as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(10_000), fc.array(messageId, { minLength: 1, maxLength: 2 }))
      .map(([at, messageIds]) => ({ kind: 'copy', at, messageIds }) as const),
  },
  { weight: 2, arbitrary: fc.nat(40).map((left) => ({ kind: 'removeOld', left }) as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'giveWay' } as const) },
);

/** What the index promises, with a Map and no thought of cost. */
class Model {
  readonly kept = new Map<number, TrackedRecord>();
  /** Which SMS got which further id, one after the other. */
  readonly copied: (readonly [number, string])[] = [];

  /** @param most SMS with the id that are looked at: the last ones, and those that have it by a copy */
  find({ parsed: { messageId }, phone, sender }: ReceivedReceipt, most: number): number | undefined {
    if (messageId === '') return undefined;
    const isIts = (id: string): boolean => id.toLowerCase() === messageId.toLowerCase();
    const newest = [...this.kept].reverse();
    const named = newest.filter(([, { messageIds }]) => messageIds.some(isIts)).slice(0, most);
    const copied = this.copied.filter(([number, id]) => isIts(id) && this.kept.has(number));
    const byCopy = [...new Set(copied.map(([number]) => number))].slice(-most);
    const candidates = newest.filter((each) => named.includes(each) || byCopy.includes(each[0]));
    const isExact = ({ messageIds, copies = [] }: TrackedRecord): boolean =>
      [messageIds, ...copies].flat().includes(messageId);
    const of = (isMeant: (record: TrackedRecord) => boolean): number | undefined => {
      const meant = candidates.filter(([, record]) => isMeant(record));
      // All ask for receipts: the first without a final one, else the last.
      return (meant.filter(([, record]) => !isSettled(record)).at(-1) ?? meant[0])?.[0];
    };
    return (
      of((record) => isSamePhone(record.to, phone) && isExact(record)) ??
      of((record) => isSamePhone(record.to, phone)) ??
      of((record) => isSamePhone(record.to, sender) && isExact(record)) ??
      of((record) => isSamePhone(record.to, sender)) ??
      of(isExact)
    );
  }

  lastTo(to: string): number | undefined {
    return this.#last((record) => phoneKey(record.to) === phoneKey(to));
  }

  #last(isMeant: (record: TrackedRecord) => boolean): number | undefined {
    return [...this.kept].reverse().find(([, record]) => isMeant(record))?.[0];
  }
}

/** Both, with what is done to one done to the other. */
class Pair {
  readonly #bounds: Bounds;
  readonly #index: TrackedIndex;
  readonly #model = new Model();
  #added = 0;

  constructor(small: Bounds = DEFAULT_BOUNDS) {
    this.#bounds = small;
    this.#index = new TrackedIndex({ isWhole: true, bounds: small });
  }

  do(step: Step): void {
    if (step.kind === 'add') this.#add(step.sms);
    else if (step.kind === 'many') for (let count = 0; count < step.count; count += 1) this.#add(PLAIN);
    else if (step.kind === 'copy') this.#copy(step.at, step.messageIds);
    else if (step.kind === 'update') this.#update(step.at, step.errorNumber);
    else if (step.kind === 'removeOld') this.#removeOld(step.left);
    else this.#giveWay();
  }

  #add({ messageIds, to, from, correlation: given }: Sms): void {
    this.#added += 1;
    const id = `sms-${this.#added.toString(36)}`;
    const properties = { id, messageIds, to, from, acceptedAt: this.#added };
    const record = trackedRecord(
      given === undefined ? properties : { ...properties, correlation: structuredClone(given) },
    );
    this.#model.kept.set(this.#index.add(record, this.#added), record);
  }

  /** A copy has an id for each segment, as the SMS has. */
  #copy(at: number, drawn: readonly string[]): void {
    const [number, record] = this.#at(at) ?? [];
    if (number === undefined || record === undefined) return;
    const messageIds = record.messageIds.map((_id, segment) => drawn[segment % drawn.length] ?? '');
    this.#index.addCopy(number, messageIds);
    this.#model.kept.set(number, { ...record, copies: [...(record.copies ?? []), messageIds] });
    for (const messageId of messageIds) this.#model.copied.push([number, messageId]);
  }

  #at(at: number): [number, TrackedRecord] | undefined {
    const all = [...this.#model.kept];
    return all[at % all.length];
  }

  #update(at: number, errorNumber: number): void {
    const [number, record] = this.#at(at) ?? [];
    if (number === undefined || record === undefined) return;
    const reports = record.reports.map(() => ({ state: 'UNDELIV', errorNumber }) as const);
    const known: TrackedRecord = { ...record, reports, said: 'UNDELIV' };
    this.#index.update(number, known);
    this.#model.kept.set(number, known);
  }

  /** All but so many of the newest. */
  #removeOld(left: number): void {
    const from = this.#added - left + 1;
    this.#index.removeOld(from);
    for (const [number, { acceptedAt }] of this.#model.kept) {
      if (acceptedAt < from) this.#model.kept.delete(number);
    }
  }

  /** How many give way is the index's choice. */
  #giveWay(): void {
    this.#index.giveWay();
    const { kept } = this.#model;
    const gone = [...kept.keys()].filter((number) => number < this.#index.oldest);
    for (const number of gone) kept.delete(number);
    assert.ok(kept.size <= this.#bounds.trackedSms);
    assert.ok(kept.size > 0 || gone.length === 0, 'the newest stays');
  }

  /** @param most SMS that are read back: the oldest, the newest, and some between them */
  check(most: number): void {
    const { kept } = this.#model;
    const numbers = [...kept.keys()];
    const every = Math.max(1, Math.ceil(numbers.length / most));
    const some = numbers.filter((_number, at) => at % every === 0 || at === numbers.length - 1);
    for (const number of some) {
      const record = kept.get(number);
      assert.deepEqual(this.#index.recordOf(number), record);
      if (record !== undefined) this.#checkFind(record, number);
    }
    for (const to of ['4512345678', '+4587654321', '45', 'nobody']) {
      assert.equal(this.#index.lastTo(to), this.#model.lastTo(to));
    }
  }

  /** @param turn whose phones are asked for */
  #checkFind({ messageIds, copies = [] }: TrackedRecord, turn: number): void {
    const phone = PHONES[turn % PHONES.length] ?? '';
    const sender = PHONES[(turn >> 2) % PHONES.length] ?? '';
    for (const messageId of [messageIds, ...copies].flat().slice(0, 8)) {
      for (const asked of [messageId, messageId.toUpperCase()]) {
        const receipt = { ...received({ messageId: asked }), phone, sender };
        assert.equal(this.#index.find(receipt), this.#model.find(receipt, this.#bounds.sameIdSms));
      }
    }
  }
}

const PHONES = ['4512345678', '12345678', '+4587654321', ''];

const PLAIN: Sms = { messageIds: ['plain'], to: '4587654321', from: 'Alarm', correlation: undefined };

describe('TrackedIndex, beside a Map', () => {
  it('says the same, whatever comes and goes', () => {
    fc.assert(
      fc.property(bounds, fc.array(step, { maxLength: 40 }), (small, steps) => {
        const pair = new Pair(small);
        for (const each of steps) {
          pair.do(each);
          pair.check(4);
        }
        pair.check(200);
      }),
      { numRuns: 100 },
    );
  });

  for (const character of CHARACTERS) {
    it(`gives back a correlation of any length of ${JSON.stringify(character)}, and the SMS after it`, () => {
      const pair = new Pair();
      for (const length of LENGTHS) {
        for (const given of [character.repeat(length), { value: character.repeat(length) }]) {
          pair.do({ kind: 'add', sms: { ...PLAIN, correlation: given } });
          pair.do({ kind: 'add', sms: PLAIN });
        }
      }
      pair.check(Infinity);
    });
  }

  it('gives back an SMS beside every length that fills a piece', () => {
    const pair = new Pair();
    for (let left = 0; left < 200; left += 1) {
      pair.do({ kind: 'add', sms: { ...PLAIN, correlation: 'a'.repeat(PIECE - left) } });
      pair.do({ kind: 'add', sms: PLAIN });
    }
    pair.check(Infinity);
  });
});
