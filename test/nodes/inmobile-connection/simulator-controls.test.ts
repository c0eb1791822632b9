import assert from 'node:assert/strict';
import { createSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import { SimulatorControls } from '../../../nodes/inmobile-connection/simulator-controls.js';
import { FakeClock } from '../../support/fake-clock.js';

const SMS = { action: 'incoming', from: '4522334455', to: '1245', text: 'Hello' };

describe('The controls of the simulated gateway', () => {
  let clock: FakeClock;
  let simulator: Simulator;
  let controls: SimulatorControls;
  beforeEach(() => {
    clock = new FakeClock();
    simulator = createSimulator({ clock });
    controls = new SimulatorControls(simulator);
  });
  afterEach(async () => simulator.stop());

  for (const [action, state, forMs] of [
    ['restart', 'isRestarting', 30_000],
    ['blackhole', 'isSilent', 45_000],
  ] as const) {
    it(`${action} one host at a time, and say how long`, async () => {
      assert.equal(controls.do({ action, host: 'dk1' }), undefined);
      assert.equal(controls.do({ action, host: 'dk1' }), 'busy');
      await clock.advance(forMs - 1);
      assert.deepEqual(
        controls.view.hosts.map((host) => host[state]),
        [true, false],
      );
      await clock.advance(1);
      assert.equal(controls.view.hosts[0]?.[state], false);
      assert.equal(controls.do({ action, host: 'dk1' }), undefined);
    });
  }

  it('throttle, and take it back', () => {
    controls.do({ action: 'throttle', isOn: true });
    assert.equal(controls.view.throttledTo, 1);
    controls.do({ action: 'throttle', isOn: false });
    assert.equal(controls.view.throttledTo, 0);
  });

  it('send SMS until twenty wait for a link', () => {
    const answers = Array.from({ length: 21 }, () => controls.do({ ...SMS, from: '+45 22 33 44 55' }));
    assert.deepEqual(answers, [...new Array<undefined>(20).fill(undefined), 'busy']);
  });

  const INVALID: [name: string, asked: Record<string, unknown>][] = [
    ['nothing', {}],
    ['an unknown action', { action: 'stop' }],
    ['an unknown host', { action: 'restart', host: 'all' }],
    ['a host that is no text', { action: 'blackhole', host: {} }],
    ['a throttle that is neither on nor off', { action: 'throttle', isOn: 'yes' }],
    ['an SMS without text', { ...SMS, text: '' }],
    ['an SMS whose text is none', { ...SMS, text: ['x'] }],
    ['an SMS of a thousand and one characters', { ...SMS, text: 'x'.repeat(1_001) }],
    ['a sender that no phone shows', { ...SMS, from: '<b>Twelve letters</b>' }],
    ['a recipient that is none', { ...SMS, to: 45 }],
  ];
  for (const [name, asked] of INVALID) {
    it(`refuse ${name}`, () => {
      assert.equal(controls.do(asked), 'invalid');
    });
  }
});
