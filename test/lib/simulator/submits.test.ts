import assert from 'node:assert/strict';
import { errors } from 'smpp';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../lib/simulator/simulator.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SmppClient } from './client.js';

describe('a submit_sm to the simulated gateway', () => {
  let simulator: Simulator;
  const start = async (options: SimulatorOptions = {}): Promise<SmppClient> => {
    simulator = await startSimulator(options);
    return SmppClient.connectBound(simulator);
  };
  afterEach(() => simulator.stop());

  it('is answered with an id that looks like a UUID and is not hexadecimal', async () => {
    const client = await start();
    const { message_id } = await client.submit('4512345678');
    assert.match(String(message_id), /^ble[\da-f]{5}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  it('gets an id of its own', async () => {
    const client = await start();
    const [one, other] = await Promise.all([client.submit('4512345678'), client.submit('4512345678')]);
    assert.notEqual(one.message_id, other.message_id);
  });

  it('is kept with its id, addresses and text', async () => {
    const client = await start();
    const { message_id } = await client.submit('4512345678', { short_message: Buffer.from('Niveau lavt') });
    const [sms] = simulator.accepted;
    assert.deepEqual(
      [sms?.messageIds, sms?.from, sms?.to, sms?.text, sms?.dataCoding],
      [[message_id], 'Me', '4512345678', 'Niveau lavt', 0],
    );
  });

  it('is kept with the host and account it came in by', async () => {
    await start();
    const client = await SmppClient.connectBound(simulator, 1);
    await client.submit('4512345678');
    assert.deepEqual([simulator.accepted[0]?.host, simulator.accepted[0]?.systemId], [1, 'account']);
  });

  it('is told to listeners once it is accepted', async () => {
    const client = await start();
    const told: string[] = [];
    simulator.onAccepted(({ to }) => told.push(to));
    await client.submit('4512345678');
    assert.deepEqual(told, ['4512345678']);
  });

  it('is told no more to a listener that has left', async () => {
    const client = await start();
    const told: string[] = [];
    simulator.onAccepted(({ to }) => told.push(to))();
    await client.submit('4512345678');
    assert.deepEqual(told, []);
  });

  it('loses what follows the fifteenth character of its sender', async () => {
    const client = await start();
    await client.submit('4512345678', { source_addr: '1234567890123456' });
    assert.equal(simulator.accepted[0]?.from, '123456789012345');
  });

  it('goes out at once whatever its schedule_delivery_time says', async () => {
    const client = await start();
    await client.submit('4512345678', { schedule_delivery_time: '301231235959000+' });
    assert.equal(simulator.accepted.length, 1);
  });

  const texts: readonly [dataCoding: number, octets: Buffer, text: string][] = [
    [0x00, Buffer.from([0x00, 0x1b, 0x65, 0x0c]), '@€ø'],
    [0x10, Buffer.from([0x1c]), 'Æ'],
    [0x08, Buffer.from('feff0041d83dde00', 'hex'), '\ufeffA😀'],
    [0x18, Buffer.from('0042', 'hex'), 'B'],
  ];
  for (const [data_coding, short_message, text] of texts) {
    it(`is read by data_coding ${data_coding}`, async () => {
      const client = await start();
      await client.submit('4512345678', { data_coding, short_message });
      assert.equal(simulator.accepted[0]?.text, text);
    });
  }

  it('keeps its octets', async () => {
    const client = await start();
    const short_message = Buffer.from([0x00, 0x1b, 0x65, 0xff]);
    await client.submit('4512345678', { short_message });
    assert.deepEqual(simulator.segments[0]?.octets, short_message);
  });

  const refusals: readonly [says: string, fields: Record<string, unknown>, status: number][] = [
    ['another data_coding', { data_coding: 3 }, errors.ESME_RUNKNOWNERR],
    ['a recipient that is no number', { destination_addr: '+4512345678' }, errors.ESME_RINVDSTADR],
    ['no sender', { source_addr: '' }, errors.ESME_RINVSRCADR],
  ];
  for (const [says, fields, status] of refusals) {
    it(`is refused with ${says}`, async () => {
      const client = await start();
      assert.equal((await client.submit('4512345678', fields)).command_status, status);
    });
  }

  it('is answered ESME_RINVBNDSTS before a bind', async () => {
    simulator = await startSimulator();
    const client = await SmppClient.connect(simulator);
    assert.equal((await client.submit('4512345678')).command_status, errors.ESME_RINVBNDSTS);
  });

  it('is answered ESME_RINVBNDSTS over a receiver', async () => {
    simulator = await startSimulator();
    const client = await SmppClient.connectBound(simulator, 0, 'receiver');
    assert.equal((await client.submit('4512345678')).command_status, errors.ESME_RINVBNDSTS);
  });

  it('is answered after the delay that was asked for', async () => {
    const clock = new FakeClock();
    const client = await start({ clock, responseDelayMs: 500 });
    const answer = client.submit('4512345678');
    // Answered in order: once this is, the submit_sm was read.
    await client.request('enquire_link');
    const beforehand = client.log.some(({ command }) => command === 'submit_sm_resp');
    await clock.advance(500);
    assert.deepEqual([beforehand, (await answer).command_status], [false, errors.ESME_ROK]);
  });

  it('is throttled above the rate that was set', async () => {
    const clock = new FakeClock();
    const client = await start({ clock });
    simulator.throttle(2);
    const answers = await Promise.all([1, 2, 3].map(() => client.submit('4512345678')));
    assert.deepEqual(
      answers.map(({ command_status }) => command_status),
      [errors.ESME_ROK, errors.ESME_ROK, errors.ESME_RTHROTTLED],
    );
  });

  it('is accepted again as time passes', async () => {
    const clock = new FakeClock();
    const client = await start({ clock });
    simulator.throttle(1);
    await client.submit('4512345678');
    await clock.advance(1_000);
    assert.equal((await client.submit('4512345678')).command_status, errors.ESME_ROK);
  });

  it('is throttled no more once the limit is taken back', async () => {
    const client = await start();
    simulator.throttle(1);
    simulator.throttle(0);
    const answers = await Promise.all([1, 2, 3].map(() => client.submit('4512345678')));
    assert.equal(
      answers.every(({ command_status }) => command_status === errors.ESME_ROK),
      true,
    );
  });
});

describe('a scenario of the simulated gateway', () => {
  let simulator: Simulator;
  const clock = new FakeClock();
  let client: SmppClient;
  beforeEach(async () => {
    simulator = await startSimulator({ clock, slowResponseMs: 5_000 });
    client = await SmppClient.connectBound(simulator);
  });
  afterEach(() => simulator.stop());

  for (const [ending, status] of [
    ['60', errors.ESME_RINVDSTADR],
    ['65', errors.ESME_RSUBMITFAIL],
    ['66', errors.ESME_RSYSERR],
  ] as const) {
    it(`refuses a number ending in ${ending} every time`, async () => {
      const answers = [await client.submit(`45000000${ending}`), await client.submit(`45000000${ending}`)];
      assert.deepEqual(
        answers.map(({ command_status }) => command_status),
        [status, status],
      );
    });
  }

  for (const [ending, status] of [
    ['61', errors.ESME_RTHROTTLED],
    ['62', errors.ESME_RSUBMITFAIL],
    ['63', errors.ESME_RMSGQFUL],
    ['64', errors.ESME_RSYSERR],
  ] as const) {
    it(`refuses a number ending in ${ending} the first time only`, async () => {
      const answers = [await client.submit(`45000000${ending}`), await client.submit(`45000000${ending}`)];
      assert.deepEqual(
        answers.map(({ command_status }) => command_status),
        [status, errors.ESME_ROK],
      );
    });
  }

  it('accepts and never answers 67', async () => {
    void client.submit('4500000067');
    await client.submit('4512345678');
    await clock.advance(3_600_000);
    const answers = client.log.filter(({ command }) => command === 'submit_sm_resp');
    assert.deepEqual([answers.length, simulator.accepted.length], [1, 2]);
  });

  it('answers 68 late', async () => {
    const answer = client.submit('4500000068');
    await client.request('enquire_link');
    const beforehand = client.log.some(({ command }) => command === 'submit_sm_resp');
    await clock.advance(5_000);
    assert.deepEqual([beforehand, (await answer).command_status], [false, errors.ESME_ROK]);
  });

  it('accepts 69 and cuts the connection instead of an answer', async () => {
    void client.submit('4500000069');
    await client.ended;
    assert.deepEqual(
      [client.log.filter(({ command }) => command === 'submit_sm_resp').length, simulator.accepted.length],
      [0, 1],
    );
  });

  it('answers 69 the second time', async () => {
    void client.submit('4500000069');
    await client.ended;
    const again = await SmppClient.connectBound(simulator);
    assert.equal((await again.submit('4500000069')).command_status, errors.ESME_ROK);
  });

  it('neither accepts nor answers 70', async () => {
    void client.submit('4500000070');
    await client.submit('4512345678');
    assert.deepEqual(
      simulator.accepted.map(({ to }) => to),
      ['4512345678'],
    );
  });
});
