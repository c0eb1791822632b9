/** What the supervisor tells of answers to deliver_sm, and of the sessions that they were written on. */
import assert from 'node:assert/strict';

import type { Respond } from '../../../lib/link.js';
import type { SupervisorListener } from '../../../lib/connection/supervisor.js';
import { settle } from '../../support/fake-clock.js';
import { aDeliverSm } from '../session/builders.js';
import { running, type Supervised, type SupervisedOptions } from './supervised.js';

/** Sessions are named by the order in which they are met. */
async function told(options?: SupervisedOptions): Promise<Supervised & { said: string[] }> {
  const said: string[] = [];
  const sessions: number[] = [];
  const nameOf = (id: number): number => {
    if (!sessions.includes(id)) sessions.push(id);
    return sessions.indexOf(id) + 1;
  };
  const listener: Partial<SupervisorListener> = {
    bound: (bind) => said.push(`bound ${bind}`),
    delivery: (_delivery, respond, id) => {
      const number = respond(0);
      said.push(`${nameOf(id)} answers ${number}`);
      return number;
    },
    answersRead: (id, upTo) => said.push(`${nameOf(id)} read ${upTo}`),
    sessionOver: (id, isReplaced) => said.push(`${nameOf(id)} over${isReplaced ? ', replaced' : ''}`),
  };
  return Object.assign(await running(options, listener), { said });
}

describe('Supervisor · answers to deliver_sm', () => {
  it('have been read once the gateway answers the enquire_link that follows them', async () => {
    const { dk1, clock, said } = await told();
    dk1.bound[0]!.send(aDeliverSm(5));
    dk1.bound[0]!.send(aDeliverSm(6));
    await clock.advance(999);
    assert.deepEqual(said, ['bound transceiver', '1 answers 1', '1 answers 2']);
    await clock.advance(1);
    assert.deepEqual(said.slice(3), ['1 read 2']);
    assert.equal(dk1.bound[0]!.commands().at(-1), 'enquire_link');
  });

  it('have been read once the gateway answers the submit_sm that follows them, without enquire_link', async () => {
    const { dk1, clock, said, send } = await told();
    dk1.bound[0]!.send(aDeliverSm(5));
    await settle();
    await send();
    assert.deepEqual(said.slice(1), ['1 answers 1', '1 read 1']);
    await clock.advance(5_000);
    assert.ok(!dk1.bound[0]!.commands().includes('enquire_link'));
  });

  it('have been read once the gateway answers our unbind, which is said before the end', async () => {
    const { dk1, clock, said, supervisor } = await told();
    dk1.bound[0]!.send(aDeliverSm(5));
    await settle();
    const stopped = supervisor.stop();
    await clock.advance(5_000);
    await stopped;
    assert.deepEqual(said.slice(1), ['1 answers 1', '1 read 1', '1 over']);
  });

  it('have no number when they leave no more', async () => {
    const numbers: (number | undefined)[] = [];
    const responds: Respond[] = [];
    const { dk1 } = await running({}, { delivery: (_delivery, respond) => void responds.push(respond) });
    dk1.bound[0]!.send(aDeliverSm(5));
    dk1.bound[0]!.send(aDeliverSm(6));
    await settle();
    numbers.push(responds[0]!(0), responds[0]!(0));
    dk1.kill();
    await settle();
    numbers.push(responds[1]!(0));
    assert.deepEqual(numbers, [1, undefined, undefined]);
  });

  it('may not have been read of a session that was lost', async () => {
    const { dk1, clock, said } = await told();
    dk1.bound[0]!.send(aDeliverSm(5));
    await settle();
    dk1.kill();
    await clock.advance(2_000);
    assert.deepEqual(said.slice(1), ['1 answers 1', '1 over', 'bound transceiver']);
  });

  it('may not have been read of one that was replaced before it ended', async () => {
    const { dk1, clock, said } = await told();
    const [old] = dk1.bound;
    old!.send(aDeliverSm(5));
    await settle();
    old!.send({ command: 'unbind', sequence_number: 50 });
    await clock.advance(2_000);
    assert.deepEqual(said.slice(1), ['1 answers 1', 'bound transceiver', '1 over, replaced']);
  });

  it('may not have been read of a receiver whose twin was lost, and the next is bound later', async () => {
    const { dk1, clock, said } = await told({ connectionMode: 'pair' });
    dk1.bound[1]!.send(aDeliverSm(5));
    await settle();
    dk1.kill();
    await clock.advance(2_000);
    assert.deepEqual(
      said.filter((line) => line.startsWith('1 ')),
      ['1 answers 1', '1 over'],
    );
  });
});
