import assert from 'node:assert/strict';
import { errors } from 'smpp';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../lib/simulator/simulator.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ACCOUNT, SmppClient } from './client.js';

describe('the login at a simulated host', () => {
  let simulator: Simulator;
  const start = async (options: SimulatorOptions = {}): Promise<SmppClient> => {
    simulator = await startSimulator(options);
    return SmppClient.connect(simulator);
  };
  afterEach(() => simulator.stop());

  it('takes any account unless one is named', async () => {
    const client = await start();
    assert.equal((await client.bind()).command_status, errors.ESME_ROK);
  });

  it('shows a bound session', async () => {
    const client = await start();
    await client.bind('receiver');
    assert.deepEqual(simulator.sessions, [{ id: 1, host: 0, systemId: 'account', mode: 'receiver' }]);
  });

  it('keeps every attempt, without the password', async () => {
    const clock = new FakeClock();
    const client = await start({ clock });
    await client.bind();
    const expected = {
      systemId: 'account',
      mode: 'transceiver',
      host: 0,
      command_status: 0,
      at: clock.now(),
    };
    assert.deepEqual(simulator.bindAttempts, [expected]);
  });

  const refusals: readonly [says: string, options: SimulatorOptions, status: number][] = [
    ['a wrong password', { password: 'other' }, errors.ESME_RINVPASWD],
    ['a wrong system_id', { systemId: 'other' }, errors.ESME_RINVSYSID],
    ['another connection mode than the account has', { connectionMode: 'receiver' }, errors.ESME_RBINDFAIL],
  ];
  for (const [says, options, status] of refusals) {
    it(`refuses ${says}`, async () => {
      const client = await start(options);
      assert.equal((await client.bind()).command_status, status);
    });
  }

  it('refuses an empty password', async () => {
    const client = await start();
    const response = await client.bind('transceiver', { ...ACCOUNT, password: '' });
    assert.equal(response.command_status, errors.ESME_RINVPASWD);
  });

  it('refuses a system_id that was named with refuse', async () => {
    const client = await start();
    simulator.refuse('account');
    assert.equal((await client.bind()).command_status, errors.ESME_RINVSYSID);
  });

  it('refuses with the status that was named', async () => {
    const client = await start();
    simulator.refuse('account', 'ESME_RALYBND');
    assert.equal((await client.bind()).command_status, errors.ESME_RALYBND);
  });

  it('lets a refused system_id in again', async () => {
    const client = await start();
    simulator.refuse('account');
    simulator.refuse('account', 'ESME_ROK');
    assert.equal((await client.bind()).command_status, errors.ESME_ROK);
  });

  it('answers a second bind ESME_RALYBND', async () => {
    const client = await start();
    await client.bind();
    assert.equal((await client.bind()).command_status, errors.ESME_RALYBND);
  });
});

describe('a session with a simulated host', () => {
  let simulator: Simulator;
  afterEach(() => simulator.stop());

  it('answers enquire_link before a bind', async () => {
    simulator = await startSimulator();
    const client = await SmppClient.connect(simulator);
    assert.equal((await client.request('enquire_link')).command_status, errors.ESME_ROK);
  });

  for (const command of ['query_sm', 'cancel_sm', 'data_sm'] as const) {
    it(`answers ${command} with generic_nack ESME_RINVCMDID`, async () => {
      simulator = await startSimulator();
      const client = await SmppClient.connectBound(simulator);
      const { command: answer, command_status } = await client.request(command);
      assert.deepEqual([answer, command_status], ['generic_nack', errors.ESME_RINVCMDID]);
    });
  }

  it('answers an unknown command with generic_nack ESME_RINVCMDID', async () => {
    simulator = await startSimulator();
    const client = await SmppClient.connectBound(simulator);
    client.session.socket.write(Buffer.from('000000100000999900000000000000ff', 'hex'));
    const { command_status, sequence_number } = await client.next('generic_nack');
    assert.deepEqual([command_status, sequence_number], [errors.ESME_RINVCMDID, 0xff]);
  });

  it('answers unbind and closes', async () => {
    simulator = await startSimulator();
    const client = await SmppClient.connectBound(simulator);
    const { command_status } = await client.request('unbind');
    await client.ended;
    assert.deepEqual([command_status, simulator.sessions], [errors.ESME_ROK, []]);
  });

  it('asks with enquire_link whether the client is there', async () => {
    const clock = new FakeClock();
    simulator = await startSimulator({ clock, enquireLinkMs: 1_000 });
    const client = await SmppClient.connectBound(simulator);
    await clock.advance(1_000);
    assert.equal((await client.next('enquire_link')).command, 'enquire_link');
  });

  it('cuts a client that does not answer enquire_link', async () => {
    const clock = new FakeClock();
    simulator = await startSimulator({ clock, enquireLinkMs: 1_000 });
    const client = await SmppClient.connectBound(simulator);
    client.isAlive = false;
    await clock.advance(1_000 + 10_000);
    await client.ended;
  });

  const garbage: readonly [says: string, hex: string][] = [
    ['a command_length under 16', '0000000f00000015000000000000000100'],
    ['a command_length over 65536', '00010001000000150000000000000001'],
    ['an answer to HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex')],
  ];
  for (const [says, hex] of garbage) {
    it(`is ended by ${says}`, async () => {
      simulator = await startSimulator();
      const client = await SmppClient.connectBound(simulator);
      client.session.socket.write(Buffer.from(hex, 'hex'));
      await client.ended;
    });
  }

  it('is ended by a PDU that the npm package cannot read', async () => {
    simulator = await startSimulator();
    const client = await SmppClient.connectBound(simulator);
    void client.submit('4512345678', { validity_period: Buffer.from('5R') });
    await client.ended;
  });

  it('goes on after a PDU that is longer than it takes', async () => {
    simulator = await startSimulator();
    const client = await SmppClient.connectBound(simulator);
    const message_payload = Buffer.alloc(20_000, 'a');
    const { command_status } = await client.submit('4512345678', { short_message: '', message_payload });
    const after = await client.submit('4512345678');
    assert.deepEqual([command_status, after.command_status], [errors.ESME_RINVCMDLEN, errors.ESME_ROK]);
  });

  it('reads a PDU that comes octet by octet', async () => {
    simulator = await startSimulator();
    const client = await SmppClient.connect(simulator);
    for (const octet of Buffer.from('00000010000000150000000000000001', 'hex')) {
      client.session.socket.write(Buffer.from([octet]));
    }
    const { command } = await new Promise<{ command: string }>((received) =>
      client.session.once('pdu', received),
    );
    assert.equal(command, 'enquire_link_resp');
  });
});
