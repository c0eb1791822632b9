/** What the log says of the connection. */
import assert from 'node:assert/strict';
import { SmppError } from '../../../lib/errors.js';
import { STATUS } from '../../../lib/pdu/command-status.js';
import type { FakePeer } from './fake-gateway.js';
import { aSupervisor, DK1, running } from './supervised.js';

const REFUSED = new SmppError('SMPP_CONNECT', 'refused', { host: DK1 });

describe('Supervisor · lines of the log', () => {
  it('writes one line when the state changes, and none per attempt', async () => {
    const { supervisor, clock, dk1, dk2, lines } = await running();
    dk1.reception = REFUSED;
    dk2.reception = REFUSED;
    dk1.kill();
    await clock.advance(600_000);
    dk2.reception = 'take';
    await clock.advance(60_000);
    const stopped = supervisor.stop();
    await clock.advance(1_000);
    await stopped;
    assert.deepEqual(lines, [
      'info Connected to dk1',
      `warn Not connected, tried again by itself: ${DK1}:2775 closed the connection`,
      'warn Still not connected, tried again by itself: refused',
      'info Connected to dk2',
      'info Disconnected',
    ]);
  });

  for (const [how, end] of [
    ['closes', (peer: FakePeer) => peer.transport.destroy()],
    ['unbinds', (peer: FakePeer) => peer.send({ command: 'unbind', sequence_number: 50 })],
  ] as const) {
    for (const [of, options] of [
      ['the one host', { hosts: [{ host: DK1, port: 2775 }] }],
      ['either host', {}],
      ['each host', { links: 'both' }],
      ['a pair', { connectionMode: 'pair' }],
    ] as const) {
      it(`gives a reason in each line when a link of ${of} ${how} again and again`, async () => {
        const { clock, dk1, dk2, lines } = await running(options);
        for (let time = 0; time < 60; time += 1) {
          await clock.advance(3_000);
          for (const { bound } of [dk1, dk2]) if (bound[0] !== undefined) end(bound[0]);
        }
        const warnings = lines.filter((line) => line.startsWith('warn'));
        assert.notDeepEqual(warnings, []);
        assert.deepEqual(
          warnings.filter((line) => !line.includes(': ')),
          [],
        );
      });
    }
  }

  it('gives the reason when all that it hears is ESME_RBINDFAIL, of an account that was bound before', async () => {
    const { supervisor, clock, dk1, dk2, lines } = aSupervisor();
    for (const host of [dk1, dk2]) host.bindStatus = STATUS.ESME_RBINDFAIL;
    supervisor.start(true);
    await clock.advance(10_000);
    assert.match(lines.join(), /^warn The gateway is in maintenance, messages wait: .*ESME_RBINDFAIL/);
  });
});
