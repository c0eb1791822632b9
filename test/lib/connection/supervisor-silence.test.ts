/** A link that is left since it answers nothing, though it lives. */
import assert from 'node:assert/strict';

import { settle } from '../../support/fake-clock.js';
import { DK1, running, type Supervised, type SupervisedOptions } from './supervised.js';

/** Two submit_sm are under way over the first host: one is overdue, and the link left for it; the other 10 s later. */
async function left(options: SupervisedOptions = {}): Promise<Supervised> {
  const supervised = await running(options);
  const { clock, dk1, links } = supervised;
  dk1.submitStatus = undefined;
  await supervised.send();
  await clock.advance(10_000);
  const [link] = links;
  await supervised.send();
  await clock.advance(20_000);
  assert.deepEqual(supervised.answers, ['0 overdue']);
  link!.leave('unanswered');
  await clock.advance(250);
  return supervised;
}

const accept = ({ dk1 }: Supervised, sequence_number: number): void =>
  dk1.sessions[0]!.send({ command: 'submit_sm_resp', sequence_number, command_status: 0, message_id: 'm' });

/** Of the submit_sm, in order. */
const numbersOf = ({ dk1 }: Supervised): number[] =>
  dk1.sessions[0]!.received.flatMap((pdu) => (pdu.command === 'submit_sm' ? [pdu.sequence_number] : []));

describe('A link that is left for its silence', () => {
  it('has the other host in its place at once, and waits for what is under way and for what is overdue', async () => {
    const supervised = await left();
    const { clock, dk1, dk2, answers } = supervised;
    assert.equal(dk2.bound.length, 1);
    const [first, second] = numbersOf(supervised);
    await clock.advance(7_000);
    accept(supervised, second!);
    await clock.advance(2_000);
    assert.deepEqual(answers, ['0 overdue', '0 0']);
    accept(supervised, first!);
    await settle();
    assert.deepEqual(answers, ['0 overdue', '0 0', '0 0']);
    assert.equal(dk1.sessions[0]!.commands().at(-1), 'unbind');
  });

  it('has each that is under way overdue at its own time, and ends 30 s later', async () => {
    const { clock, dk1, answers } = await left();
    await clock.advance(9_700);
    assert.deepEqual(answers, ['0 overdue']);
    await clock.advance(100);
    assert.deepEqual(answers, ['0 overdue', '0 overdue']);
    assert.equal(dk1.bound.length, 1);
    await clock.advance(20_000);
    assert.equal(dk1.bound.length, 0);
  });

  it('is asked whether it lives until then', async () => {
    const { clock, dk1, answers } = await left();
    dk1.sessions[0]!.send = () => undefined;
    await clock.advance(16_000);
    assert.deepEqual([answers, dk1.bound.length], [['0 overdue', '0 written'], 0]);
  });

  it('ends with a stop', async () => {
    const { supervisor, clock, dk1 } = await left();
    const stopped = supervisor.stop();
    await clock.advance(4_000);
    await stopped;
    assert.equal(dk1.bound.length, 0);
  });

  it('ends sooner when the other host cannot be had, which leaves this one', async () => {
    const supervised = await running();
    const { clock, dk1, dk2, links, send } = supervised;
    dk1.submitStatus = undefined;
    dk2.reception = new Error('refused');
    await send();
    links[0]!.leave('unanswered');
    await clock.advance(5_000);
    assert.deepEqual([links.length, dk1.sessions.length, links[0]?.host], [1, 2, `${DK1}:2775`]);
  });

  for (const [name, options, isReplaceable] of [
    ['is replaceable by another host', {}, true],
    ['is not with a link to each', { links: 'both' }, false],
    ['is not with one host', { hosts: [{ host: DK1, port: 2775 }] }, false],
  ] as const) {
    it(name, async () => {
      const { links } = await running(options);
      assert.ok(links.every((link) => link.isReplaceable === isReplaceable));
    });
  }
});
