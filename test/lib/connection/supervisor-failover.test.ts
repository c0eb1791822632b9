/** What the supervisor does when a host fails, restarts or falls silent. */
import assert from 'node:assert/strict';

import { SmppError } from '../../../lib/errors.js';
import { STATUS } from '../../../lib/pdu/command-status.js';
import { settle } from '../../support/fake-clock.js';
import { aSupervisor, DK1, DK2, running } from './supervised.js';

const REFUSED = new SmppError('SMPP_CONNECT', 'refused', { host: DK1 });
const UNTRUSTED = new SmppError('SMPP_CERTIFICATE', 'untrusted', { host: DK1 });

describe('Supervisor · failover', () => {
  it('is bound to the other host within 250 ms after the loss of one, with its segments settled', async () => {
    const { supervisor, clock, dk1, events, send, answers } = await running({ random: () => 0.999 });
    dk1.submitStatus = undefined;
    await send(3);
    dk1.kill();
    await clock.advance(250);
    assert.deepEqual(answers, ['0 written', '1 written', '2 written']);
    assert.deepEqual(events, [`up ${DK1}:2775`, `down ${DK1}:2775`, `up ${DK2}:2775`]);
    const { host, onFirstHost } = supervisor.status();
    assert.deepEqual([host, onFirstHost], ['dk2', false]);
  });

  it('stays with the second host when the first is back', async () => {
    const { supervisor, clock, dk1 } = await running();
    dk1.kill();
    await clock.advance(600_000);
    assert.equal(supervisor.status().host, 'dk2');
  });

  it('begins with the second host when the first cannot be reached', async () => {
    const { supervisor, clock, dk1 } = aSupervisor();
    dk1.reception = REFUSED;
    supervisor.start();
    await clock.advance(250);
    assert.equal(supervisor.status().host, 'dk2');
  });

  it('goes to the other host when a bind is not answered within 5 s', async () => {
    const { supervisor, clock, dk1 } = aSupervisor();
    dk1.bindStatus = undefined;
    supervisor.start();
    await clock.advance(5_250);
    assert.equal(supervisor.status().host, 'dk2');
  });

  it('finds a silent host within 20 s and goes to the other', async () => {
    const { supervisor, clock, dk1, dk2 } = await running();
    dk1.bound[0]!.transport.removeAllListeners('data');
    dk1.bound[0]!.transport.resume();
    await clock.advance(20_250);
    assert.deepEqual([supervisor.status().host, dk2.bound.length], ['dk2', 1]);
  });

  it('tries each host by a back-off of its own, at most every 30 s', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    supervisor.start();
    await clock.advance(120_000);
    const waits = dk1.connectedAt.slice(1).map((at, index) => Math.round(at - dk1.connectedAt[index]!));
    assert.deepEqual(waits.slice(0, 8), [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    const { state, retryAt, error } = supervisor.status();
    assert.deepEqual([state, error?.code], ['disconnected', 'SMPP_CONNECT']);
    assert.ok(retryAt! > clock.wall());
  });

  it('is bound within 30 s of the return of a host', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    supervisor.start();
    await clock.advance(300_000);
    dk2.reception = 'take';
    await clock.advance(30_000);
    assert.equal(supervisor.status().state, 'connected');
  });

  it('asks a host with a bad certificate seldom, and the other at once', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    dk1.reception = UNTRUSTED;
    dk2.reception = UNTRUSTED;
    supervisor.start();
    await clock.advance(29_999);
    assert.deepEqual([dk1.connectedAt.length, dk2.connectedAt.length], [1, 1]);
    assert.equal(supervisor.status().error?.code, 'SMPP_CERTIFICATE');
    assert.deepEqual([...dk1.sessions, ...dk2.sessions], []);
  });

  it('waits 10 s before a host that says the account is bound already', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    dk1.bindStatus = STATUS.ESME_RALYBND;
    dk2.bindStatus = STATUS.ESME_RALYBND;
    supervisor.start();
    await clock.advance(9_999);
    assert.deepEqual([dk1.connectedAt.length, dk2.connectedAt.length], [1, 1]);
    await clock.advance(1);
    assert.equal(dk1.connectedAt.length, 2);
  });

  it('backs off from hosts that take the bind and drop it', async () => {
    const { clock, dk1, dk2 } = await running();
    for (let half = 0; half < 120; half++) {
      for (const host of [dk1, dk2]) host.kill();
      await clock.advance(500);
    }
    assert.ok(dk1.connectedAt.length <= 10, `${dk1.connectedAt.length} binds a minute`);
  });
});

describe('Supervisor · maintenance', () => {
  it('answers the unbind of the gateway, and binds elsewhere while the old session drains', async () => {
    const { clock, dk1, dk2, send, answers, links } = await running();
    dk1.submitStatus = undefined;
    await send(2);
    const [old] = dk1.bound;
    old!.send({ command: 'unbind', sequence_number: 50 });
    await clock.advance(250);
    assert.deepEqual([old!.commands().at(-1), dk2.bound.length, links.length], ['unbind_resp', 1, 2]);
    old!.send({ command: 'submit_sm_resp', sequence_number: 2, command_status: 0, message_id: 'x' });
    await settle();
    old!.transport.destroy();
    await settle();
    assert.deepEqual([answers, links.length], [['0 0', '1 written'], 1]);
  });

  it('binds elsewhere at once when the outbox leaves a link, and unbinds the old one', async () => {
    const { clock, dk1, dk2, links } = await running();
    const [old] = dk1.bound;
    links[0]!.leave(STATUS.ESME_RSUBMITFAIL);
    await clock.advance(250);
    assert.equal(old!.commands().at(-1), 'unbind');
    assert.deepEqual([dk1.bound.length, dk2.bound.length, links[0]?.host], [0, 1, `${DK2}:2775`]);
  });

  for (const [status, words] of [
    ['ESME_RSUBMITFAIL', /took no more messages \(ESME_RSUBMITFAIL\), as during a restart/],
    ['ESME_RINVBNDSTS', /took no more messages \(ESME_RINVBNDSTS\): .* check that the connection mode/],
  ] as const) {
    it(`says that it left for ${status}`, async () => {
      const { supervisor, dk2, links, lines } = await running();
      dk2.reception = 'hang';
      links[0]!.leave(STATUS[status]);
      await settle();
      const { error } = supervisor.status();
      assert.match(error!.message, words);
      assert.match(lines.at(-1)!, words);
    });
  }

  it('does not bind to a single host again before the old session with it is over', async () => {
    const { clock, dk1, links, send } = await running({ hosts: [{ host: DK1, port: 2775 }] });
    dk1.submitStatus = undefined;
    await send(1);
    links[0]!.leave(STATUS.ESME_RSUBMITFAIL);
    await clock.advance(2_999);
    assert.equal(dk1.connectedAt.length, 1);
    await clock.advance(1_001);
    assert.equal(dk1.bound.length, 1);
  });

  it('waits through a restart of both hosts as one event', async () => {
    const { supervisor, clock, dk1, dk2, send, lines } = await running();
    const since = clock.wall();
    for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
    dk1.bound[0]!.send({ command: 'unbind', sequence_number: 50 });
    await settle();
    dk1.kill();
    await clock.advance(120_000);
    const { state, maintenanceSince, error } = supervisor.status();
    assert.deepEqual([state, maintenanceSince, error?.code], ['maintenance', since, 'SMPP_BIND']);
    for (const host of [dk1, dk2]) host.bindStatus = 0;
    await clock.advance(30_000);
    assert.equal(supervisor.status().state, 'connected');
    await send(1);
    supervisor.accepted();
    assert.equal(supervisor.status().maintenanceSince, undefined);
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['info', 'warn', 'info'],
    );
  });

  it('is no restart any more when hosts stay away for another reason, which is said', async () => {
    const { supervisor, clock, dk1, dk2, lines } = await running();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    dk1.bound[0]!.send({ command: 'unbind', sequence_number: 50 });
    await clock.advance(300_000);
    assert.equal(supervisor.status().state, 'maintenance');
    await clock.advance(600_000);
    const { state, maintenanceSince } = supervisor.status();
    assert.deepEqual([state, maintenanceSince], ['disconnected', undefined]);
    assert.equal(lines.at(-1), 'warn Still not connected, tried again by itself: refused');
  });

  it('is no restart when the gateway comes back as nobody who can be trusted', async () => {
    const { supervisor, clock, dk1, dk2 } = await running();
    dk1.reception = UNTRUSTED;
    dk2.reception = UNTRUSTED;
    dk1.bound[0]!.send({ command: 'unbind', sequence_number: 50 });
    await settle();
    dk1.kill();
    await clock.advance(10_000);
    const { state, maintenanceSince, error } = supervisor.status();
    assert.deepEqual([state, maintenanceSince, error?.code], ['retrying', undefined, 'SMPP_CERTIFICATE']);
  });

  it('is told for 15 minutes, and then as no connection since the loss', async () => {
    const { supervisor, clock, dk1, dk2 } = await running();
    const lostAt = clock.wall();
    for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
    dk1.bound[0]!.send({ command: 'unbind', sequence_number: 50 });
    await clock.advance(899_000);
    assert.equal(supervisor.status().state, 'maintenance');
    await clock.advance(1_001);
    const { state, since, maintenanceSince } = supervisor.status();
    assert.deepEqual([state, since, maintenanceSince], ['disconnected', lostAt, undefined]);
  });

  it('is over though another of both hosts stays away', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor({ links: 'both' });
    dk2.reception = REFUSED;
    supervisor.start();
    await settle();
    dk1.bound[0]!.send({ command: 'unbind', sequence_number: 50 });
    await clock.advance(600_000);
    dk1.reception = REFUSED;
    dk1.kill();
    await clock.advance(1_000);
    assert.equal(supervisor.status().state, 'retrying');
  });

  it('is over after 30 s bound, and says that something changed', async () => {
    const { supervisor, clock, dk1 } = await running();
    dk1.bound[0]!.send({ command: 'unbind', sequence_number: 50 });
    await clock.advance(250);
    assert.notEqual(supervisor.status().maintenanceSince, undefined);
    await clock.advance(30_250);
    assert.equal(supervisor.status().maintenanceSince, undefined);
  });

  it('knows a refused message for the doing of a restart by the unbind that goes with it', async () => {
    const { supervisor, dk1 } = await running();
    supervisor.submitFailed();
    assert.equal(supervisor.isRestart(), false);
    dk1.bound[0]!.send({ command: 'unbind', sequence_number: 50 });
    await settle();
    assert.equal(supervisor.isRestart(), true);
  });

  it('does not take a lost connection for a restart', async () => {
    const { supervisor, clock, dk1, dk2 } = await running();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    dk1.kill();
    await clock.advance(10);
    assert.equal(supervisor.status().maintenanceSince, undefined);
  });
});

describe('Supervisor · an outage', () => {
  it('is told after 30 s, though nothing else happens then', async () => {
    const { supervisor, clock, dk1, dk2 } = await running();
    const lostAt = clock.wall();
    dk1.reception = 'hang';
    dk2.reception = 'hang';
    dk1.kill();
    await clock.advance(29_999);
    assert.notEqual(supervisor.status().state, 'disconnected');
    await clock.advance(1);
    const { state, since } = supervisor.status();
    assert.deepEqual([state, since], ['disconnected', lostAt]);
  });

  it('is told of a start that leads nowhere, with the next attempt and the reason', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    const startedAt = clock.wall();
    supervisor.start();
    await clock.advance(40_000);
    const { state, since, retryAt, error } = supervisor.status();
    assert.deepEqual([state, since, error?.code], ['disconnected', startedAt, 'SMPP_CONNECT']);
    assert.ok(retryAt! > clock.wall());
  });

  it('is as old as it is, whatever is done to the clock of the machine', async () => {
    const { supervisor, clock, dk1, dk2 } = await running();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    dk1.kill();
    await clock.advance(20_000);
    clock.shiftWall(50 * 365 * 86_400_000);
    await clock.advance(40_000);
    const { state, since, links } = supervisor.status();
    assert.deepEqual([state, clock.wall() - since], ['disconnected', 60_000]);
    assert.ok(clock.wall() - links[0]!.since <= 60_000);
  });

  it('is over with a link, and a later one begins anew', async () => {
    const { supervisor, clock, dk1, dk2 } = await running();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    dk1.kill();
    await clock.advance(60_000);
    dk2.reception = 'take';
    await clock.advance(60_000);
    assert.equal(supervisor.status().state, 'connected');
    dk2.reception = REFUSED;
    dk2.kill();
    await clock.advance(10_000);
    assert.match(supervisor.status().state, /retrying|connecting/);
  });

  it('is not over when hosts take the bind and drop it at once', async () => {
    const { supervisor, clock, dk1, dk2, lines } = await running();
    await clock.advance(10_000);
    const lostAt = clock.wall();
    for (let half = 0; half < 120; half++) {
      for (const host of [dk1, dk2]) host.kill();
      await clock.advance(500);
    }
    for (const host of [dk1, dk2]) host.kill();
    await settle();
    const { state, since } = supervisor.status();
    assert.deepEqual([state, since], ['disconnected', lostAt]);
    assert.ok(lines.length <= 6, lines.join('\n'));
  });

  it('is over for the log when the link lasts', async () => {
    const { clock, dk1, lines } = await running({ hosts: [{ host: DK1, port: 2775 }] });
    await clock.advance(10_000);
    for (let time = 0; time < 5; time++) {
      dk1.kill();
      await clock.advance(time === 0 ? 1_000 : 5_000);
    }
    dk1.kill();
    await clock.advance(60_000);
    assert.deepEqual(
      lines.map((line) => line.split(' ').slice(0, 2).join(' ')),
      ['info Connected', 'warn Not', 'info Connected', 'warn Not', 'info Connected'],
    );
  });

  it('does not begin again with a stop and a start, but from the start on', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    supervisor.start();
    await clock.advance(60_000);
    await supervisor.stop();
    assert.deepEqual([supervisor.status().state, supervisor.status().error], ['stopped', undefined]);
    supervisor.start();
    await clock.advance(10_000);
    assert.match(supervisor.status().state, /retrying|connecting/);
    const stopped = supervisor.stop();
    await clock.advance(5_000);
    await stopped;
    assert.equal(clock.pending, 0);
  });

  it('is told with its present reason, and not with that of the loss', async () => {
    const { supervisor, clock, dk1, dk2, lines } = await running();
    dk1.reception = UNTRUSTED;
    dk2.reception = UNTRUSTED;
    dk1.kill();
    await clock.advance(1_000);
    assert.deepEqual(lines.slice(1), [
      `warn Not connected, tried again by itself: ${DK1}:2775 closed the connection`,
      'warn Not connected, tried again by itself: untrusted',
    ]);
    await clock.advance(600_000);
    assert.deepEqual(lines.slice(3), ['warn Still not connected, tried again by itself: untrusted']);
    assert.equal(supervisor.status().error?.code, 'SMPP_CERTIFICATE');
  });

  it('names what a person has to mend, though the other host has another reason', async () => {
    const { supervisor, clock, dk1, dk2 } = await running();
    dk1.reception = UNTRUSTED;
    dk2.reception = REFUSED;
    dk1.kill();
    await clock.advance(20_000);
    assert.equal(supervisor.status().error?.code, 'SMPP_CERTIFICATE');
  });
});

describe('Supervisor · a connection mode that the account does not have', () => {
  for (const links of ['failover', 'both'] as const) {
    it(`is no maintenance but a retry for 5 minutes, then a refused login (${links})`, async () => {
      const { supervisor, clock, dk1, dk2, lines, proven } = aSupervisor({
        links,
        connectionMode: 'receiver',
      });
      for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
      supervisor.start();
      for (let second = 0; second < 299; second++) {
        await clock.advance(1_000);
        assert.match(supervisor.status().state, /retrying|connecting/);
      }
      const attempts = dk1.connectedAt.length;
      await clock.advance(1_000);
      const { state, error, maintenanceSince } = supervisor.status();
      assert.deepEqual([state, error?.code, maintenanceSince], ['refused', 'SMPP_BIND', undefined]);
      assert.match(error!.message, /as receiver .*ESME_RBINDFAIL.* another connection mode/);
      assert.match(lines.at(-1)!, /^error Login refused, tried again by itself: .*connection mode/);
      await clock.advance(120_000);
      assert.ok(dk1.connectedAt.length >= attempts + 4, 'the back-off stays that of a host');
      assert.equal(proven(), 0);
    });
  }

  it('is told of a pair of which only one of the two is ever bound', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor({ connectionMode: 'pair' });
    for (const host of [dk1, dk2]) {
      host.bindStatus = (command) => (command === 'bind_receiver' ? STATUS.ESME_RBINDFAIL : STATUS.ESME_ROK);
    }
    supervisor.start();
    await clock.advance(301_000);
    assert.equal(supervisor.status().state, 'refused');
    assert.match(supervisor.status().error!.message, /as transmitter and receiver/);
  });

  it('is told at the link too', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
    supervisor.start();
    await clock.advance(301_000);
    const [link] = supervisor.status().links;
    assert.match(link!.error!.message, /another connection mode/);
  });

  it('is not thought of when the account was bound in it before', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
    supervisor.start(true);
    await clock.advance(1_000);
    assert.equal(supervisor.status().state, 'maintenance');
    await clock.advance(900_000);
    assert.equal(supervisor.status().state, 'disconnected');
  });

  it('is not thought of when the bind succeeds after all, which is told once', async () => {
    const { supervisor, clock, dk1, dk2, proven } = aSupervisor();
    for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
    supervisor.start();
    await clock.advance(400_000);
    for (const host of [dk1, dk2]) host.bindStatus = 0;
    await clock.advance(60_000);
    assert.deepEqual([supervisor.status().state, supervisor.status().error], ['connected', undefined]);
    for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
    dk1.kill();
    dk2.kill();
    await clock.advance(10_000);
    assert.deepEqual([supervisor.status().state, proven()], ['maintenance', 1]);
  });

  it('is forgotten when the hosts are away for another reason', async () => {
    const { supervisor, clock, dk1, dk2 } = aSupervisor();
    for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
    supervisor.start();
    await clock.advance(200_000);
    for (const host of [dk1, dk2]) host.reception = REFUSED;
    await clock.advance(400_000);
    assert.equal(supervisor.status().state, 'disconnected');
  });
});
