import assert from 'node:assert/strict';
import type { OutboundSms } from '../../lib/message.js';
import { connected, overTls } from '../support/over-tls.js';

/** The simulator answers every SMS to this number ESME_RSUBMITFAIL. */
const NEVER_TAKEN = '4512345665';

const to = (number: string, index: number): OutboundSms => ({ to: number, from: 'Shop', text: `${index}` });

describe('The gateway with SMS that are never taken', () => {
  for (const links of ['failover', 'both'] as const) {
    it(`sends all others at once, over links ${links}`, async () => {
      const { gateway, stop } = await overTls({ links, storage: { kind: 'memory' } });
      try {
        await gateway.start();
        await connected(gateway);
        const stuck = Array.from({ length: 20 }, (_, index) => gateway.enqueue(to(NEVER_TAKEN, index)));
        const sent = Array.from({ length: 200 }, (_, index) => gateway.send(to('4512345678', index)));
        const alarm = gateway.send({ ...to('4587654321', 0), priority: 'alarm' });
        const results = await Promise.all([...sent, alarm]);
        assert.deepEqual([...new Set(results.map(({ outcome }) => outcome))], ['accepted']);
        const [{ id }] = (await Promise.all(stuck)) as [{ id: string }];
        const queued = await gateway.queued(100);
        assert.equal(queued.length, 20);
        assert.ok(queued.every(({ lastStatus }) => lastStatus === 'ESME_RSUBMITFAIL'));
        assert.equal(await gateway.cancel(id), true);
        // Once more where the refusals were answered before any other SMS, as a gateway in trouble answers.
        const needed = links === 'failover' ? 1 : 2;
        assert.ok([needed, needed + 1].includes(gateway.status().counters.binds));
      } finally {
        await stop();
      }
    });
  }
});
