import assert from 'node:assert/strict';
import { errors } from 'smpp';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../lib/simulator/simulator.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SmppClient } from './client.js';

describe('a receipt of the simulated gateway', () => {
  let simulator: Simulator;
  let clock: FakeClock;
  const start = async (options: SimulatorOptions = {}): Promise<SmppClient> => {
    clock = new FakeClock();
    simulator = await startSimulator({ clock, receiptDelayMs: 100, ...options });
    return SmppClient.connectBound(simulator);
  };
  afterEach(() => simulator.stop());

  it('has the id of the submit_sm_resp', async () => {
    const client = await start();
    const { message_id } = await client.submit('4512345678');
    await clock.advance(100);
    assert.equal(/^id:(\S+) /.exec(await client.nextText())?.[1], message_id);
  });

  it('has the dates of the submit and the receipt', async () => {
    const client = await start({ receiptDelayMs: 60_000 });
    await client.submit('4512345678');
    await clock.advance(60_000);
    assert.match(await client.nextText(), / submit date:2601010100 done date:2601010101 /);
  });

  it('says what the scenario of the number is', async () => {
    const client = await start();
    await client.submit('4500000005');
    await clock.advance(100);
    assert.match(await client.nextText(), / stat:EXPIRED err:005$/);
  });

  it('comes after the answer', async () => {
    const client = await start({ receiptDelayMs: 0 });
    const answer = client.submit('4512345678');
    await client.request('enquire_link');
    await clock.advance(0);
    await Promise.all([answer, client.next('deliver_sm')]);
    assert.deepEqual(
      client.log.map(({ command }) => command).filter((command) => command.includes('_sm')),
      ['submit_sm_resp', 'deliver_sm'],
    );
  });

  it('comes after an answer that is late', async () => {
    const client = await start({ slowResponseMs: 5_000 });
    const answer = client.submit('4500000068');
    await client.request('enquire_link');
    await clock.advance(5_100);
    await Promise.all([answer, client.next('deliver_sm')]);
    assert.deepEqual(
      client.log.map(({ command }) => command).filter((command) => command.includes('_sm')),
      ['submit_sm_resp', 'deliver_sm'],
    );
  });

  it('comes before the answer to 52', async () => {
    const client = await start();
    const answer = client.submit('4500000052');
    await client.next('deliver_sm');
    await clock.advance(20);
    await answer;
    assert.deepEqual(
      client.log.map(({ command }) => command).filter((command) => command.includes('_sm')),
      ['deliver_sm', 'submit_sm_resp'],
    );
  });

  it('comes twice for 53', async () => {
    const client = await start();
    await client.submit('4500000053');
    await clock.advance(100);
    assert.equal(await client.nextText(), await client.nextText());
  });

  it('comes late for 51', async () => {
    const client = await start({ lateReceiptMs: 60_000 });
    await client.submit('4500000051');
    await clock.advance(59_999);
    const beforehand = clock.pending;
    await clock.advance(1);
    await client.next('deliver_sm');
    assert.equal(clock.pending, beforehand - 1);
  });

  it('is preceded by ACCEPTD and ENROUTE for 54', async () => {
    const client = await start();
    await client.submit('4500000054');
    await clock.advance(100);
    const states = [await client.nextText(), await client.nextText(), await client.nextText()];
    assert.deepEqual(
      states.map((text) => /stat:(\w+)/.exec(text)?.[1]),
      ['ACCEPTD', 'ENROUTE', 'DELIVRD'],
    );
  });

  it('goes on to the recipient answering for 77', async () => {
    const client = await start();
    await client.submit('4500000077');
    await clock.advance(200);
    await client.next('deliver_sm');
    const reply = await client.next('deliver_sm');
    assert.deepEqual([reply.source_addr, reply.destination_addr, reply.esm_class], ['4500000077', 'Me', 0]);
  });

  /** The first receipt to come tells whether the one for `registered_delivery` came: the other is sent after it. */
  const wanted: readonly [registered_delivery: number, to: string, comes: boolean][] = [
    [0x00, '4500000001', false],
    [0x01, '4512345678', true],
    [0x11, '4512345678', true],
    [0x02, '4512345678', false],
    [0x02, '4500000001', true],
    [0x12, '4500000001', true],
    [0x03, '4500000001', false],
    [0x10, '4500000001', false],
  ];
  for (const [registered_delivery, to, comes] of wanted) {
    it(`${comes ? 'comes' : 'does not come'} for registered_delivery ${registered_delivery} and …${to.slice(-2)}`, async () => {
      const client = await start();
      await client.submit(to, { registered_delivery });
      await client.submit('4511111111');
      await clock.advance(100);
      const { source_addr } = await client.next('deliver_sm');
      assert.equal(source_addr, comes ? to : '4511111111');
    });
  }

  it('does not come for 50', async () => {
    const client = await start();
    await client.submit('4500000050');
    await client.submit('4511111111');
    await clock.advance(100);
    assert.equal((await client.next('deliver_sm')).source_addr, '4511111111');
  });

  it('goes to the other host when the first session is gone', async () => {
    const client = await start();
    const other = await SmppClient.connectBound(simulator, 1);
    await client.submit('4512345678');
    client.session.destroy();
    await client.ended;
    await simulator.kill(0);
    await clock.advance(100);
    assert.match(await other.nextText(), /stat:DELIVRD/);
  });

  it('does not go to another account', async () => {
    const client = await start();
    const stranger = await SmppClient.connect(simulator, 1);
    await stranger.bind('transceiver', { system_id: 'stranger', password: 'x' });
    await client.request('unbind');
    const mine = await SmppClient.connectBound(simulator, 0, 'transmitter');
    await mine.submit('4512345678');
    await clock.advance(100);
    await stranger.request('enquire_link');
    assert.equal(
      stranger.log.some(({ command }) => command === 'deliver_sm'),
      false,
    );
  });

  it('waits until a session can receive', async () => {
    await start();
    await simulator.kill(0);
    const transmitter = await SmppClient.connectBound(simulator, 1, 'transmitter');
    await transmitter.submit('4512345678');
    await clock.advance(100);
    const receiver = await SmppClient.connectBound(simulator, 1, 'receiver');
    assert.match(await receiver.nextText(), /stat:DELIVRD/);
  });

  it('comes again to the next session when the first never answered it', async () => {
    const client = await start();
    client.deliverStatus = undefined;
    await client.submit('4512345678');
    await clock.advance(100);
    const text = await client.nextText();
    client.session.destroy();
    const next = await SmppClient.connectBound(simulator);
    assert.equal(await next.nextText(), text);
  });

  it('comes again after a moment when the client refused it for the moment', async () => {
    const client = await start({ redeliverMs: 1_000 });
    client.deliverStatus = errors.ESME_RX_T_APPN;
    await client.submit('4512345678');
    await clock.advance(100);
    const text = await client.nextText();
    await client.request('enquire_link');
    await clock.advance(1_000);
    assert.equal(await client.nextText(), text);
  });

  it('is not sent beyond the window of deliver_sm', async () => {
    const client = await start({ deliverWindow: 2 });
    client.deliverStatus = undefined;
    await Promise.all([1, 2, 3].map(() => client.submit('4512345678')));
    await clock.advance(100);
    await client.request('enquire_link');
    assert.equal(client.log.filter(({ command }) => command === 'deliver_sm').length, 2);
  });
});
