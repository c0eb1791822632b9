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
    assert.deepEqual([state, error?.code], ['retrying', 'SMPP_CONNECT']);
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
    dk1.reception = UNTRUSTED;
    dk2.reception = UNTRUSTED;
    dk1.bound[0]!.send({ command: 'unbind', sequence_number: 50 });
    await clock.advance(300_000);
    assert.equal(supervisor.status().state, 'maintenance');
    await clock.advance(600_000);
    const { state, maintenanceSince } = supervisor.status();
    assert.deepEqual([state, maintenanceSince], ['retrying', undefined]);
    assert.equal(lines.at(-1), 'warn Not connected, tried again by itself: untrusted');
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
