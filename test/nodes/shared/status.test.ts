import assert from 'node:assert/strict';
import type { GatewayStatus } from '../../../lib/message.js';
import {
  changesInMs,
  nodeStatus,
  problemStatus,
  type LastSms,
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
  return `${String(fill)} ${String(shape)} ${text}`;
}

const WAITING = { alarm: 0, normal: 22, bulk: 0, scheduled: 5, underWay: 5 };

describe('nodeStatus', () => {
  it('is a green dot on the first host', () => {
    assert.equal(shown({ host: 'dk1' }), 'green dot connected dk1');
  });

  it('is a green ring on another host', () => {
    assert.equal(shown({ host: 'dk2', onFirstHost: false }), 'green ring connected dk2');
  });

  const yesterday = new Date(2025, 11, 31, 23, 59).getTime();
  const last: [kind: LastSms['kind'], at: number, text: string][] = [
    ['sent', new Date(2026, 0, 1, 9, 5).getTime(), 'dk1, sent 09:05'],
    ['received', NOW, 'dk1, received 12:00'],
    ['receipt', NOW, 'dk1, receipt 12:00'],
    ['sent', yesterday, 'dk1, sent 2025-12-31'],
  ];
  for (const [kind, at, text] of last) {
    it(`tells the last SMS of the node after the host: ${text}`, () => {
      assert.equal(shown({ host: 'dk1' }, { last: { kind, at } }), `green dot ${text}`);
    });
  }

  it('tells the last SMS only when nothing is wrong', () => {
    const context = { last: { kind: 'sent', at: NOW }, waitingForMs: 1_000 } as const;
    assert.equal(shown({ host: 'dk1', queue: WAITING }, context), 'yellow dot queued 12');
    assert.equal(shown({ state: 'refused' }, context), 'red dot login refused');
  });

  it('carries the word of GatewayStatus for programs', () => {
    const context = { now: NOW, isSimulated: true, waitingForMs: 0, translate };
    assert.equal(nodeStatus(status({ state: 'disconnected' }), context).state, 'disconnected');
    assert.equal(nodeStatus(status({ host: 'dk1' }), context).state, 'connected');
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

  it('is a red dot for wrong settings, with all that wait for them to be right', () => {
    const error = { code: 'SMPP_OPTIONS', message: 'window: must be a number' } as const;
    assert.equal(shown({ state: 'stopped', error }), 'red dot check the settings');
    assert.equal(
      shown({ state: 'stopped', error, queue: WAITING }),
      'red dot check the settings, 22 waiting',
    );
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
    const last = { kind: 'sent', at: NOW } as const;
    assert.equal(shown({ host: 'dk1' }, { translate: danish, last }), 'green dot dk1, sendt 12:00');
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

  it('is a red dot while the store cannot be opened', () => {
    const error = { code: 'SMPP_STORAGE', message: 'another process uses it' };
    assert.equal(shown({ state: 'stopped', error }), 'red dot storage unavailable');
    assert.equal(shown({ state: 'stopped', error: { ...error, reason: 'diskFull' } }), 'red dot disk full');
  });

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

describe('changesInMs', () => {
  const context = { now: NOW, waitingForMs: 0 };

  it('is a second while a time is told that passes', () => {
    assert.equal(changesInMs(status({ state: 'retrying' }), context), 1_000);
    assert.equal(changesInMs(status({ state: 'disconnected' }), context), 1_000);
  });

  it('is until what waits is shown, and not longer', () => {
    const backlog = status({ queue: WAITING });
    assert.equal(changesInMs(backlog, context), 1_000);
    assert.equal(changesInMs(backlog, { ...context, waitingForMs: 400 }), 600);
    assert.equal(changesInMs(backlog, { ...context, waitingForMs: 1_000 }), undefined);
  });

  it('is until midnight where the time of an SMS of today is told, and not longer', () => {
    const at = new Date(2026, 0, 1, 9, 5).getTime();
    assert.equal(changesInMs(status({}), { ...context, last: { kind: 'sent', at } }), 12 * 3_600_000);
    const before = { kind: 'sent', at: at - 86_400_000 } as const;
    assert.equal(changesInMs(status({}), { ...context, last: before }), undefined);
  });

  it('is never else', () => {
    assert.equal(changesInMs(status({}), context), undefined);
  });
});

describe('problemStatus', () => {
  it('is a red dot that says what to change', () => {
    assert.deepEqual(problemStatus('sendsOnly', { isSimulated: false, translate }, 'connected'), {
      fill: 'red',
      shape: 'dot',
      text: 'account only sends',
      state: 'connected',
    });
  });

  it('is stopped, to a program, where nothing runs', () => {
    assert.equal(problemStatus('settings', { isSimulated: false, translate }).state, 'stopped');
  });

  it('says that it is simulated too', () => {
    const { text } = problemStatus('settings', { isSimulated: true, translate });
    assert.equal(text, 'simulated: check the settings');
  });
});
