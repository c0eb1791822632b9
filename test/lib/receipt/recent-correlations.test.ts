import assert from 'node:assert/strict';

import fc from 'fast-check';

import { RecentCorrelations } from '../../../lib/receipt/recent-correlations.js';

const recent = (recentCorrelations: number, recentCorrelationCharacters: number) =>
  new RecentCorrelations({ recentCorrelations, recentCorrelationCharacters });

const charactersOf = (value: unknown): number =>
  typeof value === 'string' ? value.length : JSON.stringify(value).length;

describe('RecentCorrelations', () => {
  for (const value of ['text', '', '{"a":1}', { order: [7, 'ψ'] }, 7, false, null, '\ud800']) {
    it(`gives back ${JSON.stringify(value)}`, () => {
      const kept = recent(2, 100);
      kept.add(1, value);
      assert.deepEqual(kept.get(1), value);
    });
  }

  it('gives everyone a copy of their own', () => {
    const kept = recent(2, 100);
    kept.add(1, { order: 7 });
    Object.assign(kept.get(1) as object, { order: 8 });
    assert.deepEqual(kept.get(1), { order: 7 });
  });

  it('does not keep one that is larger than all may be', () => {
    const kept = recent(2, 3);
    kept.add(1, 'four');
    assert.equal(kept.get(1), undefined);
  });

  it('keeps the newest, as many as both bounds allow, whatever comes and goes', () => {
    const value = fc.oneof(fc.string({ maxLength: 12 }), fc.constant({ order: 7 }));
    const step = fc.oneof(
      { weight: 6, arbitrary: value.map((given) => ({ kind: 'add', given }) as const) },
      { weight: 2, arbitrary: fc.nat(9).map((back) => ({ kind: 'remove', back }) as const) },
      { weight: 1, arbitrary: fc.nat(9).map((back) => ({ kind: 'removeBefore', back }) as const) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(30), fc.array(step), (most, characters, steps) => {
        const kept = recent(most, characters);
        const model = new Map<number, unknown>();
        let last = 0;
        for (const each of steps) {
          if (each.kind === 'add') {
            last += 1;
            kept.add(last, each.given);
            model.set(last, each.given);
            model.delete(last - most);
          } else if (each.kind === 'remove') {
            kept.remove(last - each.back);
            model.delete(last - each.back);
          } else {
            kept.removeBefore(last - each.back);
            for (const sms of model.keys()) if (sms < last - each.back) model.delete(sms);
          }
          for (const sms of model.keys()) {
            const sum = [...model.values()].reduce<number>((total, value) => total + charactersOf(value), 0);
            if (sum > characters) model.delete(sms);
          }
          for (let sms = 1; sms <= last + most; sms += 1) assert.deepEqual(kept.get(sms), model.get(sms));
        }
      }),
    );
  });
});
