import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TransitMap } from '../../lib/transit-map.js';

describe('TransitMap', () => {
  it('is a Map whatever comes and goes, in order of insertion', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('set', 'delete'), fc.nat(40)), {
      minLength: 300,
      maxLength: 1_000,
      size: 'max',
    });
    fc.assert(
      fc.property(steps, (made) => {
        const [transit, map] = [new TransitMap<number, number>(), new Map<number, number>()];
        for (const [index, [step, key]] of made.entries()) {
          if (step === 'delete') assert.equal(transit.delete(key), map.delete(key));
          else for (const each of [transit, map]) each.set(key, index);
          assert.equal(transit.get(key), map.get(key));
          assert.equal(transit.has(key), map.has(key));
          assert.equal(transit.size, map.size);
        }
        assert.deepEqual([...transit.entries()], [...map]);
        assert.deepEqual([...transit.keys()], [...map.keys()]);
        assert.deepEqual([...transit.values()], [...map.values()]);
      }),
      { numRuns: 50 },
    );
  });

  it('can be emptied', () => {
    const map = new TransitMap<string, number>();
    map.set('a', 1);
    map.clear();
    assert.deepEqual([map.size, map.get('a')], [0, undefined]);
  });
});
