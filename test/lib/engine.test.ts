import assert from 'node:assert/strict';
import { Engine } from '../../lib/engine.js';
import { readGatewayOptions } from '../../lib/gateway-options.js';
import type { Storage } from '../../lib/storage/storage.js';
import { FakeClock } from '../support/fake-clock.js';
import { heldStorage } from '../support/held-storage.js';
import { bench } from './outbox/outbox-bench.js';
import { receiptFor } from './receipt/builders.js';

const nothing = (): void => undefined;

function engineOn(storage: Storage, clock: FakeClock): Engine {
  const account = { systemId: 'me', password: 'secret', onUncertain: 'report' } as const;
  const settings = readGatewayOptions({ ...account, clock, log: nothing });
  return new Engine({
    settings,
    storage,
    connect: () => new Promise(nothing),
    count: nothing,
    changed: nothing,
  });
}

/** Its queue cannot be read to the end from now on; returns what mends it. */
function damage(storage: Storage): () => void {
  const { scan } = storage;
  storage.scan = async function* (table) {
    yield* scan(table);
    if (table === 'outbox') throw new Error('a bad sector');
  };
  return () => (storage.scan = scan);
}

describe('Engine whose start fails', () => {
  it('sets no timer and hands nothing on', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const first = engineOn(storage, clock);
    await first.start();
    await storage.write(first.tracker.take(receiptFor('a-1'))?.changes ?? []);
    await first.stop();
    damage(storage);
    const second = engineOn(storage, clock);
    second.tracker.onReceipt(() => assert.fail('it is not running'));
    await assert.rejects(second.start(), /a bad sector/);
    await clock.advance(120_000);
    assert.equal(clock.pending, 0);
  });

  it('writes nothing any more, which would be into the storage of its successor', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const { take, up } = await bench({ storage, clock });
    await take();
    await up(); // under way as its process dies: the next reports it as uncertain
    const mend = damage(storage);
    storage.fail();
    const starting = assert.rejects(engineOn(storage, clock).start(), /a bad sector/);
    await clock.advance(5_000);
    await starting;
    mend();
    storage.release();
    const before = storage.writes;
    await clock.advance(60_000);
    assert.equal(storage.writes, before);
  });
});
