import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';

import { LoginCount, LoginHold } from '../../../lib/connection/login-hold.js';
import { SmppError } from '../../../lib/errors.js';
import { STATUS } from '../../../lib/pdu/command-status.js';
import { settle } from '../../support/fake-clock.js';
import { aDeliverSm } from '../session/builders.js';
import type { FakePeer } from './fake-gateway.js';
import { aSupervisor, DK1, running } from './supervised.js';

const REFUSED = new SmppError('SMPP_CONNECT', 'refused', { host: DK1 });

describe('Supervisor', () => {
  it('does nothing before it is started', async () => {
    const { supervisor, dk1, events } = aSupervisor();
    await settle();
    assert.deepEqual([supervisor.status().state, dk1.connectedAt, events], ['stopped', [], []]);
  });

  it('binds to the first host, and stays there', async () => {
    const { supervisor, clock, dk1, dk2, events } = await running();
    await clock.advance(600_000);
    assert.deepEqual(events, [`up ${DK1}:2775`]);
    assert.deepEqual([dk1.connectedAt.length, dk2.connectedAt.length], [1, 0]);
    const { state, host, onFirstHost, error, links } = supervisor.status();
    assert.deepEqual([state, host, onFirstHost, error], ['connected', 'dk1', true, undefined]);
    assert.deepEqual(
      links.map((link) => [link.host, link.name, link.bind, link.state, link.window]),
      [[`${DK1}:2775`, 'dk1', 'transceiver', 'bound', 10]],
    );
  });

  it('passes deliver_sm on with the session it came over', async () => {
    const { dk1, events } = await running();
    dk1.bound[0]!.send(aDeliverSm(9));
    await settle();
    assert.equal(events.at(-1), 'delivery true');
    assert.equal(dk1.bound[0]!.commands().at(-1), 'deliver_sm_resp');
  });

  it('says that a session is over, also one that only receives', async () => {
    const { dk1, over } = await running({ connectionMode: 'receiver' });
    dk1.kill();
    await settle();
    assert.equal(over.length, 1);
  });

  it('is over within 5 s of stop, though nothing answers any more', async () => {
    const { supervisor, clock, dk1, links, send, answers } = await running();
    dk1.submitStatus = undefined;
    await send(2);
    dk1.bound[0]!.transport.removeAllListeners('data');
    const stopped = supervisor.stop();
    await clock.advance(4_500);
    await stopped;
    assert.deepEqual([links.length, answers], [0, ['0 written', '1 written']]);
    assert.equal(supervisor.status().state, 'stopped');
  });

  it('waits for the answers under way when it is stopped, then unbinds', async () => {
    const { supervisor, dk1, send, answers } = await running();
    dk1.submitStatus = undefined;
    await send(1);
    const [peer] = dk1.bound;
    const stopped = supervisor.stop();
    await settle();
    assert.equal(peer!.commands().includes('unbind'), false);
    peer!.send({ command: 'submit_sm_resp', sequence_number: 2, command_status: 0, message_id: 'x' });
    await stopped;
    assert.deepEqual([answers, peer!.commands().at(-1)], [['0 0'], 'unbind']);
  });

  it('leaves no timer and no connection behind', async () => {
    for (const links of ['failover', 'both'] as const) {
      const { supervisor, clock, dk1, dk2 } = await running({ links, connectionMode: 'pair' });
      dk2.kill();
      await clock.advance(100);
      const stopped = supervisor.stop();
      await clock.advance(1_000);
      await stopped;
      await clock.advance(1_000);
      assert.equal(clock.pending, 0);
      assert.deepEqual([...dk1.bound, ...dk2.bound], []);
    }
  });

  it('stops while it connects, and gives the attempt up', async () => {
    const { supervisor, clock, dk1 } = aSupervisor();
    dk1.reception = 'hang';
    supervisor.start();
    await settle();
    await supervisor.stop();
    assert.equal(clock.pending, 0);
  });

  it('runs again after it was stopped', async () => {
    const { supervisor, events, dk1 } = await running();
    await supervisor.stop();
    supervisor.start();
    await settle();
    assert.deepEqual(events, [`up ${DK1}:2775`, `down ${DK1}:2775`, `up ${DK1}:2775`]);
    assert.equal(dk1.bound.length, 1);
  });

  it('gives up a Connect that neither connects nor fails nor heeds its signal', async () => {
    const { supervisor, clock } = await running({ connect: () => new Promise(() => undefined) });
    await clock.advance(15_000);
    assert.equal(supervisor.status().error?.code, 'SMPP_CONNECT');
  });

  it('survives a Connect that rejects with anything at all', async () => {
    for (const thrown of [undefined, Symbol('odd'), { message: 'odd' }, Object.create(null)] as Error[]) {
      const { supervisor } = await running({ connect: () => Promise.reject(thrown) });
      assert.deepEqual(
        [supervisor.status().state, supervisor.status().error?.code],
        ['retrying', 'SMPP_CONNECT'],
      );
    }
  });

  it('survives a transport that breaks with anything at all', async () => {
    for (const thrown of ['odd', Symbol('odd'), Object.create(null)] as Error[]) {
      const transport = new Duplex({ read: () => undefined, write: () => undefined });
      const { supervisor } = await running({ connect: () => Promise.resolve(transport) });
      transport.destroy(thrown);
      await settle();
      assert.equal(supervisor.status().error?.code, 'SMPP_CONNECT');
    }
  });

  it('says what a host sends that is odd, once a minute of each kind, whatever its numbers', async () => {
    const { dk1, lines, clock } = await running();
    const sendOdd = async (): Promise<void> => {
      for (let sequence_number = 90; sequence_number < 95; sequence_number++) {
        dk1.bound[0]!.send({
          command: 'submit_sm_resp',
          sequence_number,
          command_status: 0,
          message_id: 'x',
        });
        dk1.bound[0]!.send({ command: 'unbind_resp', sequence_number, command_status: 0 });
      }
      await settle();
    };
    await sendOdd();
    await clock.advance(10_000);
    await sendOdd();
    const both = [
      'warn dk1 sent something odd: submit_sm_resp to no submit_sm',
      'warn dk1 sent something odd: unbind_resp to no unbind',
    ];
    assert.deepEqual(lines.slice(1), both);
    await clock.advance(51_000);
    await sendOdd();
    assert.deepEqual(lines.slice(1), [...both, ...both]);
  });

  it('shows what a link has under way', async () => {
    const { supervisor, dk1, send } = await running();
    dk1.submitStatus = undefined;
    await send(3);
    assert.equal(supervisor.status().links[0]?.underWay, 3);
  });
});

describe('Supervisor · with a listener that throws', () => {
  const TOLD = ['bound', 'linkUp', 'delivery', 'linkDown', 'sessionOver', 'bound', 'linkUp'];

  for (const event of [...new Set(TOLD), 'changed']) {
    it(`tells of all else, and binds anew, when that is for ${event}`, async () => {
      const told: string[] = [];
      const faults: string[] = [];
      const hearing = (what: string) => () => {
        told.push(what);
        if (what === event) throw new Error(what);
      };
      const { dk1, dk2 } = await running(
        { onFault: (_what, error) => faults.push(String(error)) },
        Object.fromEntries([...TOLD, 'changed'].map((what) => [what, hearing(what)])),
      );
      dk1.bound[0]?.send(aDeliverSm(5));
      await settle();
      dk1.kill();
      await settle();
      assert.equal(dk2.bound.length, 1);
      assert.deepEqual(
        told.filter((what) => what !== 'changed'),
        TOLD,
      );
      assert.deepEqual(
        faults,
        told.filter((what) => what === event).map((what) => `Error: ${what}`),
      );
    });
  }
});

describe('Supervisor · connection modes', () => {
  for (const mode of ['transceiver', 'transmitter', 'receiver'] as const) {
    it(`binds as a ${mode}`, async () => {
      const { dk1, events, supervisor } = await running({ connectionMode: mode });
      assert.deepEqual(dk1.bound[0]?.commands(), [`bind_${mode}`]);
      assert.deepEqual(events, mode === 'receiver' ? [] : [`up ${DK1}:2775`]);
      assert.equal(supervisor.status().state, 'connected');
    });
  }

  it('binds a transmitter and a receiver to one host as a pair', async () => {
    const { dk1, dk2, events, supervisor } = await running({ connectionMode: 'pair' });
    assert.deepEqual(
      dk1.bound.map((peer) => peer.commands()[0]),
      ['bind_transmitter', 'bind_receiver'],
    );
    assert.deepEqual([dk2.connectedAt, events], [[], [`up ${DK1}:2775`]]);
    assert.deepEqual(
      supervisor.status().links.map((link) => [link.bind, link.state]),
      [
        ['transmitter', 'bound'],
        ['receiver', 'bound'],
      ],
    );
  });

  it('moves both of a pair when one is lost', async () => {
    const { clock, dk1, dk2, supervisor } = await running({ connectionMode: 'pair' });
    dk1.bound[1]!.transport.destroy();
    await clock.advance(250);
    assert.deepEqual([dk1.bound.length, dk2.bound.length], [0, 2]);
    assert.equal(supervisor.status().host, 'dk2');
  });

  it('is not connected as a pair while only one of the two is bound', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor({ connectionMode: 'pair' });
    dk1.bindStatus = undefined;
    dk2.reception = 'hang';
    supervisor.start();
    await settle();
    const [transmitter] = dk1.sessions;
    transmitter!.send({
      command: 'bind_transmitter_resp',
      sequence_number: 1,
      command_status: 0,
      system_id: '',
    });
    await settle();
    assert.equal(supervisor.status().state, 'connecting');
    const stopped = supervisor.stop();
    await clock.advance(5_000);
    await stopped;
  });

  it('is bound to both hosts at once', async () => {
    const { supervisor, events } = await running({ links: 'both' });
    assert.deepEqual(events.length, 2);
    assert.deepEqual(
      supervisor.status().links.map((link) => [link.name, link.state]),
      [
        ['dk1', 'bound'],
        ['dk2', 'bound'],
      ],
    );
  });

  it('keeps the other host when one of both is lost, and binds to that one again', async () => {
    const { supervisor, clock, dk1, dk2, events, lines } = await running({ links: 'both' });
    dk1.kill();
    await settle();
    assert.deepEqual([supervisor.status().state, supervisor.status().host], ['connected', 'dk2']);
    assert.equal(supervisor.status().onFirstHost, false);
    await clock.advance(500);
    assert.deepEqual([dk1.bound.length, dk2.connectedAt.length, events.length], [1, 1, 4]);
    assert.equal(lines.at(-1), 'info Connected to dk1 and dk2');
  });

  it('does not let a dead host delay the other of both', async () => {
    const { supervisor, dk1, dk2, clock } = aSupervisor({ links: 'both' });
    dk1.reception = 'hang';
    supervisor.start();
    await settle();
    assert.deepEqual([dk2.bound.length, supervisor.status().state], [1, 'connected']);
    const stopped = supervisor.stop();
    await clock.advance(1_000);
    await stopped;
  });
});

describe('Supervisor · login', () => {
  it('holds a refused login back, over both hosts, and says so', async () => {
    const { supervisor, clock, dk1, dk2, lines } = aSupervisor();
    dk1.bindStatus = STATUS.ESME_RINVPASWD;
    dk2.bindStatus = STATUS.ESME_RINVPASWD;
    supervisor.start();
    await settle();
    const { state, error, retryAt } = supervisor.status();
    assert.deepEqual([state, error?.code, retryAt! - clock.wall()], ['refused', 'SMPP_BIND', 60_000]);
    await clock.advance(599_999);
    const attempts = [...dk1.connectedAt, ...dk2.connectedAt].map((at) => Math.round((at - 1_000) / 60_000));
    assert.deepEqual(
      attempts.sort((a, b) => a - b),
      [0, 0, 1, 3, 7],
    );
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^error Login refused.*ESME_RINVPASWD/);
    assert.doesNotMatch(lines[0]!, /secret/);
  });

  it('asks at most 6 times in 10 minutes with two binds at both hosts', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor({ links: 'both', connectionMode: 'pair' });
    dk1.bindStatus = STATUS.ESME_RINVSYSID;
    dk2.bindStatus = STATUS.ESME_RINVSYSID;
    supervisor.start();
    await clock.advance(599_000);
    const binds = [...dk1.sessions, ...dk2.sessions].filter((peer) => peer.received.length > 0).length;
    assert.ok(binds >= 4 && binds <= 6, `${binds} binds`);
  });

  for (const links of ['failover', 'both'] as const) {
    it(`asks at most 6 times in 10 minutes as a pair whose refusals take a while (${links})`, async () => {
      const { supervisor, clock, dk1, dk2 } = aSupervisor({ links, connectionMode: 'pair' });
      const asked = new Set<FakePeer>();
      dk1.bindStatus = undefined;
      dk2.bindStatus = undefined;
      supervisor.start();
      for (let second = 0; second < 599; second++) {
        await clock.advance(1_000);
        for (const peer of [...dk1.sessions, ...dk2.sessions]) {
          if (asked.has(peer) || peer.received.length === 0) continue;
          asked.add(peer);
          peer.answerBind(STATUS.ESME_RINVPASWD);
        }
      }
      assert.ok(asked.size <= 6, `${asked.size} binds`);
    });
  }

  it('is connected when the login is accepted after all', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    dk1.bindStatus = STATUS.ESME_RINVPASWD;
    supervisor.start();
    await settle();
    dk1.bindStatus = 0;
    dk2.bindStatus = 0;
    await clock.advance(60_000);
    assert.equal(supervisor.status().state, 'connected');
  });

  const HOSTS = ['dk1', 'dk2'] as const;
  for (const links of ['failover', 'both'] as const) {
    for (const connectionMode of ['transceiver', 'pair'] as const) {
      for (const wrong of HOSTS) {
        it(`goes on over the host that takes it: ${wrong} refuses, ${links}, ${connectionMode}`, async () => {
          const { supervisor, clock, lines, ...hosts } = aSupervisor({ links, connectionMode });
          hosts[wrong].bindStatus = STATUS.ESME_RINVPASWD;
          supervisor.start();
          await clock.advance(connectionMode === 'pair' ? 1_250 : 250); // of two, one asks first
          const { state, error } = supervisor.status();
          assert.deepEqual([state, error], ['connected', undefined]);
          await clock.advance(3_600_000);
          assert.equal(supervisor.status().state, 'connected');
          const right = hosts[wrong === 'dk1' ? 'dk2' : 'dk1'];
          assert.equal(right.connectedAt.length, connectionMode === 'pair' ? 2 : 1);
          const isAsked = links === 'both' || wrong === 'dk1';
          assert.equal(hosts[wrong].connectedAt.length > 0, isAsked);
          assert.ok(lines.every((line) => !line.startsWith('error')));
          assert.equal(lines.filter((line) => line.includes('ESME_RINVPASWD')).length, isAsked ? 1 : 0);
        });
      }
    }
  }

  for (const links of ['failover', 'both'] as const) {
    it(`comes back to the host that takes it, however often that is lost (${links})`, async () => {
      const { supervisor, clock, dk1, dk2 } = aSupervisor({ links });
      dk1.bindStatus = STATUS.ESME_RINVPASWD;
      supervisor.start();
      for (let time = 0; time < 60; time++) {
        await clock.advance(31_000);
        assert.equal(supervisor.status().state, 'connected');
        dk2.kill();
        await clock.advance(1_000);
        assert.equal(supervisor.status().state, 'connected', `after ${time + 1} losses`);
      }
      const asked = dk1.sessions.length;
      assert.ok(asked <= 6, `${asked} binds at the host that refuses`);
    });
  }

  it('is refused when the other host refuses too, and not before it has said so', async () => {
    const { supervisor, clock, dk1, dk2, lines } = aSupervisor();
    dk1.bindStatus = STATUS.ESME_RINVPASWD;
    dk2.bindStatus = undefined;
    supervisor.start();
    await clock.advance(1_000);
    assert.deepEqual([supervisor.status().state, lines], ['connecting', []]);
    dk2.sessions[0]!.answerBind(STATUS.ESME_RINVPASWD);
    await settle();
    assert.equal(supervisor.status().state, 'refused');
    assert.equal(lines.length, 1);
  });

  it('is not refused before it has tried what was refused before it was started', async () => {
    const login = new LoginHold();
    const before = aSupervisor({ login });
    before.dk1.bindStatus = before.dk2.bindStatus = STATUS.ESME_RINVPASWD;
    before.supervisor.start();
    await settle();
    assert.equal(before.supervisor.status().state, 'refused');
    const { supervisor, clock, dk1, dk2, lines } = aSupervisor({ login });
    dk1.bindStatus = dk2.bindStatus = undefined;
    supervisor.start();
    await clock.advance(1_000);
    assert.deepEqual([supervisor.status().state, lines], ['connecting', []]);
    for (const { sessions } of [dk1, dk2]) sessions.at(-1)?.answerBind(STATUS.ESME_RINVPASWD);
    await clock.advance(1_000);
    assert.equal(supervisor.status().state, 'refused');
    assert.equal(lines.length, 1);
    await supervisor.stop();
    await before.supervisor.stop();
  });

  it('is refused for as long as the other host is away, and connected when that comes and takes it', async () => {
    const { supervisor, clock, dk1, dk2, lines } = aSupervisor();
    dk1.bindStatus = STATUS.ESME_RINVPASWD;
    dk2.reception = REFUSED;
    supervisor.start();
    for (let minute = 0; minute < 20; minute++) {
      await clock.advance(60_000);
      const { state, error } = supervisor.status();
      assert.equal(state, 'refused');
      assert.match(error!.message, /ESME_RINVPASWD/);
    }
    assert.equal(lines.length, 1);
    dk2.reception = 'take';
    await clock.advance(30_000);
    assert.equal(supervisor.status().state, 'connected');
  });

  it('asks both hosts in turn, so that either may take it again', async () => {
    for (const links of ['failover', 'both'] as const) {
      const { supervisor, clock, dk1, dk2 } = aSupervisor({ links });
      dk1.bindStatus = STATUS.ESME_RINVPASWD;
      dk2.bindStatus = STATUS.ESME_RINVPASWD;
      supervisor.start();
      await clock.advance(30_000);
      dk2.bindStatus = 0;
      await clock.advance(181_000);
      assert.equal(supervisor.status().state, 'connected', links);
    }
  });

  it('says why it is not connected when the host that takes the login is lost', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor({ links: 'both' });
    dk1.bindStatus = STATUS.ESME_RINVPASWD;
    supervisor.start();
    await clock.advance(10_000);
    dk2.reception = REFUSED;
    dk2.kill();
    await clock.advance(60_000);
    const { state, error } = supervisor.status();
    assert.deepEqual([state, error?.message], ['disconnected', 'refused']);
  });

  it('binds to a host that takes the login again within 10 minutes, though the other does too', async () => {
    const { supervisor, clock, dk1, lines } = aSupervisor({ links: 'both' });
    dk1.bindStatus = STATUS.ESME_RINVSYSID;
    supervisor.start();
    await clock.advance(3_600_000);
    dk1.bindStatus = 0;
    await clock.advance(600_000);
    assert.equal(dk1.bound.length, 1);
    assert.equal(lines.at(-1), 'info Connected to dk1 and dk2');
  });

  it('is connected after each of many deploys, though one host refuses', async () => {
    const count = new LoginCount();
    for (let deploy = 0; deploy < 20; deploy++) {
      const { supervisor, clock, dk1 } = aSupervisor({ login: new LoginHold(count, 'secret') });
      dk1.bindStatus = STATUS.ESME_RINVPASWD;
      supervisor.start();
      await clock.advance(250);
      assert.equal(supervisor.status().state, 'connected', `deploy ${deploy}`);
      const stopped = supervisor.stop();
      await clock.advance(5_000);
      await stopped;
    }
  });
});
