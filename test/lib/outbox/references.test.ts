import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import { DamagedRecordError } from '../../../lib/errors.js';
import { References } from '../../../lib/outbox/references.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { FakeClock } from '../../support/fake-clock.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const PHONE = '4512345678';

async function started(clock: FakeClock, storage = memoryStorage(clock), referencePhones = 3) {
  const bounds = { ...DEFAULT_BOUNDS, referencePhones };
  const references = new References({ storage, clock, bounds });
  await references.open();
  /** As an SMS that is marked, and leaves. */
  const next = async (to = PHONE): Promise<number> => {
    const reserved = references.reserve();
    if (reserved !== undefined) {
      await storage.write([reserved]);
      references.stored([reserved]);
    }
    return references.next(to) & 0xff;
  };
  return { next, storage, references };
}

describe('The references of long SMS', () => {
  it('are not used again for a phone within the hour, also over a restart', async () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ afterMs: fc.nat(2 * MINUTE_MS), restart: fc.constant(false) }) },
      { weight: 1, arbitrary: fc.record({ afterMs: fc.nat(1_000), restart: fc.constant(true) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100 }), fc.nat(4), async (steps, restartsMax) => {
        const clock = new FakeClock();
        let { next, storage } = await started(clock);
        const used: { at: number; reference: number }[] = [];
        let restarts = 0;
        for (const { afterMs, restart } of steps) {
          await clock.advance(afterMs);
          if (restart && (restarts += 1) <= restartsMax) ({ next, storage } = await started(clock, storage));
          const reference = await next();
          const recent = used.filter(({ at }) => at > clock.now() - HOUR_MS);
          assert.ok(!recent.some((earlier) => earlier.reference === reference), `${reference}`);
          used.push({ at: clock.now(), reference });
        }
      }),
      { numRuns: 20 },
    );
  });

  it('are none that an earlier process may have used, although its record is damaged', async () => {
    const clock = new FakeClock();
    const { next, storage } = await started(clock);
    const used = [await next(), await next(), await next()];
    storage.read = () => Promise.reject(new DamagedRecordError('check the disk'));
    const again = await started(clock, storage);
    assert.ok(!used.includes(await again.next()));
  });

  it('are reserved again as long as that is not stored', () => {
    const clock = new FakeClock();
    const references = new References({ storage: memoryStorage(clock), clock, bounds: DEFAULT_BOUNDS });
    const reserved = references.reserve();
    assert.deepEqual(references.reserve(), reserved);
    references.stored([{ table: 'outbox', key: 'another' }, ...(reserved === undefined ? [] : [reserved])]);
    assert.equal(references.reserve(), undefined);
  });

  it('are all different for 190 SMS to a phone at once', async () => {
    const clock = new FakeClock();
    const { next } = await started(clock);
    await next();
    await clock.advance(HOUR_MS - 1);
    const used = new Set<number>();
    for (let count = 0; count < 190; count += 1) used.add(await next());
    assert.equal(used.size, 190);
  });

  it('are different after the wall clock was set back', async () => {
    const clock = new FakeClock();
    const { next } = await started(clock);
    const before = await next();
    clock.shiftWall(-10 * MINUTE_MS);
    await clock.advance(10 * MINUTE_MS);
    assert.notEqual(await next(), before);
  });

  it('are different after a restart with a wall clock that was set back', async () => {
    const clock = new FakeClock();
    const first = await started(clock);
    const before = await first.next();
    clock.shiftWall(-MINUTE_MS);
    const second = await started(clock, first.storage);
    await clock.advance(MINUTE_MS);
    assert.notEqual(await second.next(), before);
  });

  it('are written down before they are used up, and not for each SMS', async () => {
    const { next, storage, references } = await started(new FakeClock());
    await next();
    assert.equal(storage.count('progress'), 1);
    for (let count = 0; count < 10; count += 1) assert.equal(references.reserve(), undefined);
  });

  it('of the phone that was used first are forgotten beyond a number of phones', async () => {
    const { next } = await started(new FakeClock());
    const first = await next('1');
    for (const to of ['2', '3', '4']) await next(to);
    assert.deepEqual([await next('4'), await next('1')], [first + 1, first]);
  });

  for (const phones of [1, 2, 3]) {
    it(`of a phone are remembered when it is the one used first of ${phones}, as many as there are`, async () => {
      const clock = new FakeClock();
      const { next } = await started(clock, memoryStorage(clock), phones);
      const first = await next('1');
      for (let phone = 2; phone <= phones; phone += 1) await next(`${phone}`);
      assert.equal(await next('1'), first + 1);
    });
  }
});
