import assert from 'node:assert/strict';
import type { GatewayStatus } from '../../../lib/message.js';
import {
  nodeStatus,
  problemStatus,
  type StatusContext,
  type Translate,
} from '../../../nodes/shared/status.js';
import { readCatalogue, translatorOf } from '../catalogue.js';

const NOW = new Date(2026, 0, 1, 12, 0, 0).getTime();

function status(properties: Partial<GatewayStatus>): GatewayStatus {
  return {
    state: 'connected',
    since: NOW,
    onFirstHost: true,
    links: [],
    queue: { alarm: 0, normal: 0, bulk: 0, scheduled: 0, underWay: 0 },
    counters: {} as GatewayStatus['counters'],
    ...properties,
  };
}

const translate: Translate = translatorOf(
  readCatalogue('inmobile-connection', 'en-US'),
  'inmobile-connection',
);

function shown(properties: Partial<GatewayStatus>, context: Partial<StatusContext> = {}): string {
  const { fill, shape, text } = nodeStatus(status(properties), {
    now: NOW,
    isSimulated: false,
    waitingForMs: 0,
    translate,
    ...context,
  });
  return `${String(fill)} ${String(shape)} ${String(text)}`;
}

const WAITING = { alarm: 0, normal: 22, bulk: 0, scheduled: 5, underWay: 5 };

describe('nodeStatus', () => {
  it('is a green dot on the first host', () => {
    assert.equal(shown({ host: 'dk1' }), 'green dot connected dk1');
  });

  it('is a green ring on another host', () => {
    assert.equal(shown({ host: 'dk2', onFirstHost: false }), 'green ring connected dk2');
  });

  it('is a yellow ring while connecting', () => {
    assert.equal(shown({ state: 'connecting' }), 'yellow ring connecting');
  });

  it('counts down to the next attempt', () => {
    assert.equal(shown({ state: 'retrying', retryAt: NOW + 7_400 }), 'yellow ring retry in 8 s');
  });

  it('is connecting once the time for the attempt has come', () => {
    assert.equal(shown({ state: 'retrying', retryAt: NOW }), 'yellow ring connecting');
  });

  it('counts what is due and not on its way, when it has waited for a second', () => {
    assert.equal(shown({ queue: WAITING }, { waitingForMs: 1_000 }), 'yellow dot queued 12');
  });

  it('does not blink for what waits shortly', () => {
    assert.equal(shown({ host: 'dk1', queue: WAITING }, { waitingForMs: 999 }), 'green dot connected dk1');
  });

  it('is a red dot for a refused login', () => {
    assert.equal(shown({ state: 'refused' }), 'red dot login refused');
  });

  const outages: [ms: number, shown: string][] = [
    [30_000, '30 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [150_000, '2 min'],
    [3_599_999, '59 min'],
    [7_200_000, '2 h'],
    [3 * 86_400_000, '3 d'],
    [-5_000, '0 s'],
  ];
  for (const [ms, duration] of outages) {
    it(`is a red ring that says for how long there is no connection, and what waits: ${duration}`, () => {
      const outage = shown({ state: 'disconnected', since: NOW - ms, queue: WAITING });
      assert.equal(outage, `red ring no connection for ${duration}, 12 waiting`);
    });
  }

  it('says so in Danish', () => {
    const danish = translatorOf(readCatalogue('inmobile-connection', 'da'), 'inmobile-connection');
    const outage = shown(
      { state: 'disconnected', since: NOW - 120_000, queue: WAITING },
      { translate: danish },
    );
    assert.equal(outage, 'red ring ingen forbindelse i 2 min, 12 venter');
    assert.equal(shown({ state: 'refused' }, { translate: danish }), 'red dot login afvist');
  });

  for (const state of ['connecting', 'retrying', 'disconnected'] as const) {
    it(`is a red dot when the certificate is not trusted: ${state}`, () => {
      const error = { code: 'SMPP_CERTIFICATE', message: 'it is for another name' };
      assert.equal(shown({ state, error }), 'red dot certificate not trusted');
    });
  }

  for (const state of ['connected', 'disconnected', 'maintenance'] as const) {
    it(`is a red dot while SMS cannot be kept, whatever the links do: ${state}`, () => {
      const error = { code: 'SMPP_STORAGE', message: 'EIO' };
      assert.equal(shown({ state, error }), 'red dot disk fails');
      assert.equal(shown({ state, error: { ...error, reason: 'diskFull' } }), 'red dot disk full');
    });
  }

  it('says since when the gateway is in maintenance, and what waits', () => {
    const maintenanceSince = new Date(2026, 0, 1, 3, 12).getTime();
    assert.equal(
      shown({ state: 'maintenance', maintenanceSince, queue: { ...WAITING, normal: 14 } }),
      'blue ring maintenance since 03:12, 4 waiting',
    );
  });

  it('is a grey ring when it is stopped', () => {
    assert.equal(shown({ state: 'stopped' }), 'grey ring stopped');
  });

  it('always says that it is simulated', () => {
    assert.equal(shown({ host: 'dk1' }, { isSimulated: true }), 'green dot simulated: connected dk1');
  });
});

describe('problemStatus', () => {
  it('is a red ring that says what to change', () => {
    assert.deepEqual(problemStatus('sendsOnly', { isSimulated: false, translate }), {
      fill: 'red',
      shape: 'ring',
      text: 'account only sends',
    });
  });

  it('says that it is simulated too', () => {
    const { text } = problemStatus('storage', { isSimulated: true, translate });
    assert.equal(text, 'simulated: storage unavailable');
  });
});
