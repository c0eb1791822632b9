import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node } from 'node-red';
import { SmppError } from '../../../lib/errors.js';
import type { Gateway } from '../../../lib/gateway.js';
import { Account } from '../../../nodes/inmobile-connection/account.js';
import type { ResultDesk } from '../../../nodes/shared/result-desk.js';
import type { ReportingNode } from '../../../nodes/inmobile-connection/status-board.js';
import { FlowGate } from '../../../nodes/shared/flow-gate.js';

const nothing = (): void => undefined;

/** A gateway whose store is another machine's: it starts when it is stopped, and not before. */
function waitingGateway(): Gateway {
  let refuse = nothing;
  return {
    start: () =>
      new Promise((_resolve, reject) => {
        refuse = () => reject(new SmppError('SMPP_STOPPED', 'stopped before it had started'));
      }),
    stop: () => {
      refuse();
      return Promise.resolve();
    },
    onStatus: () => nothing,
    status: () => ({ state: 'stopped', queue: {}, links: [] }),
  } as unknown as Gateway;
}

describe('Account whose start waits', () => {
  const errors: string[] = [];
  const node = {
    users: {},
    status: nothing,
    error: (line: string) => errors.push(line),
  } as unknown as ReportingNode;
  const user = { id: 'user', status: nothing } as unknown as Node;

  it('is closed without waiting for it, and that is no error', async () => {
    const events = new EventEmitter();
    const gate = new FlowGate(events);
    events.emit('flows:started', {});
    const account = new Account({
      settings: { options: {}, isSimulated: false } as never,
      makeParts: () => ({ gateway: waitingGateway() }),
      gate,
      results: undefined as unknown as ResultDesk,
      translate: (key) => key,
      node,
      after: Promise.resolve(),
      isInUse: () => false,
      hasTwin: () => false,
    });
    account.join(user, 'send');
    await new Promise((resolve) => setImmediate(resolve));
    await account.close();
    assert.deepEqual(errors, []);
  });
});

describe('The status of an account that has not started', () => {
  const toldBy = async (gateway: Gateway): Promise<readonly unknown[]> => {
    const events = new EventEmitter();
    const gate = new FlowGate(events);
    events.emit('flows:started', {});
    const account = new Account({
      settings: { options: {}, isSimulated: false } as never,
      makeParts: () => ({ gateway }),
      gate,
      results: undefined as unknown as ResultDesk,
      translate: (key) => key,
      node: { users: {}, status: nothing, error: nothing } as unknown as ReportingNode,
      after: Promise.resolve(),
      isInUse: () => false,
      hasTwin: () => false,
    });
    account.join({ id: 'user', status: nothing } as unknown as Node, 'send');
    await account.gateway().catch(nothing);
    const { state, error } = account.status();
    await account.close();
    return [state, error?.reason];
  };

  it('is that it connects while its store is being opened', async () => {
    const gateway = waitingGateway();
    const opening = toldBy(gateway);
    await new Promise((resolve) => setImmediate(resolve));
    await gateway.stop();
    assert.deepEqual(await opening, ['connecting', undefined]);
  });

  it('is why its store could not be opened', async () => {
    const error = new SmppError('SMPP_STORAGE', 'no room', { cause: { code: 'ENOSPC' } });
    const gateway = { ...waitingGateway(), start: () => Promise.reject(error) };
    assert.deepEqual(await toldBy(gateway), ['stopped', 'diskFull']);
  });
});
