import assert from 'node:assert/strict';
import { errors } from 'smpp';
import { createSimulator } from '../../../lib/simulator/simulator.js';
import { SmppClient } from './client.js';

const FOREVER = new AbortController().signal;

describe('the simulated gateway in process', () => {
  const simulator = createSimulator({ receiptDelayMs: 0 });
  after(() => simulator.stop());

  for (const [host, index] of [
    ['dk1', 0],
    ['dk2', 1],
    ['smpp-dk1.inmobile.dk', 0],
    ['smpp-dk2.inmobile.dk', 1],
  ] as const) {
    it(`serves host ${host}`, async () => {
      const client = SmppClient.over(await simulator.connect(host, 2775, FOREVER));
      await client.bind();
      await client.submit('4512345678');
      assert.equal(simulator.accepted.at(-1)?.host, index);
    });
  }

  it('names its hosts', () => {
    assert.deepEqual(simulator.hosts, [
      { name: 'dk1', host: 'dk1', port: 2775 },
      { name: 'dk2', host: 'dk2', port: 2775 },
    ]);
  });

  it('does not know another host', async () => {
    await assert.rejects(simulator.connect('example.com', 2775, FOREVER), { code: 'ENOTFOUND' });
  });

  it('refuses a connection while the host is killed', async () => {
    const own = createSimulator();
    await own.kill('dk1');
    await assert.rejects(own.connect('dk1', 2775, FOREVER), { code: 'ECONNREFUSED' });
  });

  it('cuts its connections when the host is killed', async () => {
    const own = createSimulator();
    const client = SmppClient.over(await own.connect('dk1', 2775, FOREVER));
    await client.bind();
    await own.kill('dk1');
    await client.ended;
  });

  it('takes a connection once a blackhole is over', async () => {
    const own = createSimulator();
    const over = own.blackhole('dk1', 1);
    const client = SmppClient.over(await own.connect('dk1', 2775, FOREVER));
    await over;
    assert.equal((await client.bind()).command_status, errors.ESME_ROK);
    await own.stop();
  });

  it('gives a connection up when it is aborted during a blackhole', async () => {
    const own = createSimulator();
    const controller = new AbortController();
    void own.blackhole('dk1', 60_000);
    const connecting = own.connect('dk1', 2775, controller.signal);
    controller.abort(new Error('too late'));
    await assert.rejects(connecting, /too late/);
    await own.stop();
  });

  it('refuses a connection that waited in a blackhole when it stops', async () => {
    const own = createSimulator();
    void own.blackhole('dk1', 60_000);
    const connecting = own.connect('dk1', 2775, FOREVER);
    await Promise.all([own.stop(), assert.rejects(connecting, { code: 'ECONNREFUSED' })]);
  });

  it('keeps no more than it was told to', async () => {
    const own = createSimulator({ acceptedMax: 4 });
    const client = SmppClient.over(await own.connect('dk1', 2775, FOREVER));
    await client.bind();
    for (let number = 10; number < 20; number += 1) await client.submit(`45123456789${number}`);
    assert.ok(own.accepted.length <= 5, `${own.accepted.length} kept`);
    await own.stop();
  });
});
