/** Nodes on an account that cannot do what they are for. */
import assert from 'node:assert/strict';
import { loggedBy, next, receive, shownBelow, startFlows, useNodeRed } from '../../support/node-red-flows.js';
import { CATCH, connection, dlr, ENDS, receiver, send, TAB } from '../flow.js';

const FLOW = [TAB, send(), dlr(), receiver(), ...ENDS, ...CATCH];
/** Texts are their keys here; that of a simulated connection has the status in its blank. */
const SIMULATED = 'inmobile-connection.status.simulated';

function showsRed(id: string): void {
  const { fill, shape, text } = shownBelow(id) ?? {};
  assert.deepEqual([fill, shape, text], ['red', 'dot', SIMULATED]);
}

describe('A node on an account of another connection mode', () => {
  useNodeRed();

  for (const id of ['dlr', 'receiver']) {
    it(`says that nothing comes in where the account only sends: ${id}`, async () => {
      await startFlows([...FLOW, connection({ connectionMode: 'transmitter' })]);
      receive('send', { to: '4512345678', payload: 'Hello' });
      await next('accepted');
      showsRed(id);
      assert.deepEqual(loggedBy(id, 'warn'), ['inmobile-connection.problem.sendsOnly']);
    });
  }

  it('says that nothing is sent where the account only receives', async () => {
    await startFlows([...FLOW, connection({ connectionMode: 'receiver' })]);
    showsRed('send');
    assert.deepEqual(loggedBy('send', 'warn'), ['inmobile-connection.problem.receivesOnly']);
  });

  it('fails the msg at once where the account only receives', async () => {
    await startFlows([...FLOW, connection({ connectionMode: 'receiver' })]);
    receive('send', { to: '4512345678', payload: 'Hello' });
    const { code, message } = (await next('caught')).error as { code: string; message: string };
    assert.equal(code, 'SMPP_OPTIONS');
    assert.match(message, /label\.connection: an account that only receives cannot send/);
  });

  it('says nothing where the account does both', async () => {
    await startFlows([...FLOW, connection({ connectionMode: 'pair' })]);
    receive('send', { to: '4512345678', payload: 'Hello' });
    await next('accepted');
    assert.notEqual(shownBelow('receiver')?.fill, 'red');
    assert.deepEqual(
      ['send', 'dlr', 'receiver'].flatMap((id) => loggedBy(id, 'warn')),
      [],
    );
  });
});
