import assert from 'node:assert/strict';
import { Engine } from '../../lib/engine.js';
import { readGatewayOptions } from '../../lib/gateway-options.js';
import { FakeClock } from '../support/fake-clock.js';
import { heldStorage } from '../support/held-storage.js';
import { receiptFor } from './receipt/builders.js';

describe('Engine', () => {
  it('sets no timer and hands nothing on after a start that failed', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const settings = readGatewayOptions({ systemId: 'me', password: 'secret', clock, log: () => undefined });
    const nothing = (): void => undefined;
    const engine = (): Engine =>
      new Engine({
        settings,
        storage,
        connect: () => new Promise(nothing),
        count: nothing,
        changed: nothing,
      });
    const first = engine();
    await first.start();
    await storage.write(first.tracker.take(receiptFor('a-1'))?.changes ?? []);
    await first.stop();

    const { scan } = storage;
    storage.scan = (table) => {
      if (table === 'outbox') throw new Error('a bad sector');
      return scan(table);
    };
    const second = engine();
    second.tracker.onReceipt(() => assert.fail('it is not running'));
    await assert.rejects(second.start(), /a bad sector/);
    await clock.advance(120_000);
    assert.equal(clock.pending, 0);
  });
});
