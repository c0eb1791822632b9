import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { ParkedAccounts, type Parked } from '../../../nodes/inmobile-connection/parked-accounts.js';
import { readOptions, type ConnectionSettings } from '../../../nodes/inmobile-connection/read-options.js';
import { FlowGate } from '../../../nodes/shared/flow-gate.js';
import { FakeClock } from '../../support/fake-clock.js';

const settings = (window: string): ConnectionSettings =>
  readOptions(
    { gateway: 'simulator', storage: 'memory', window },
    {},
    { environment: () => undefined, directory: undefined, tlsFiles: undefined },
  );
const MINE = settings('5');
const OTHER = settings('6');

class FakeAccount implements Parked {
  retired = 0;
  end: () => void = () => undefined;
  suits = (wanted: ConnectionSettings): boolean => wanted === MINE;
  retire = (): Promise<void> => {
    this.retired += 1;
    return new Promise((resolve) => (this.end = resolve));
  };
}

describe('ParkedAccounts', () => {
  let events: EventEmitter;
  let clock: FakeClock;
  let parked: ParkedAccounts<FakeAccount>;
  let account: FakeAccount;

  beforeEach(() => {
    events = new EventEmitter();
    clock = new FakeClock();
    parked = new ParkedAccounts(new FlowGate(events), clock);
    account = new FakeAccount();
    parked.park('id', account);
  });

  it('gives an account to a node of the same id and settings', () => {
    assert.equal(parked.adopt('id', MINE), account);
  });

  it('lets an adopted account be when the flows run', () => {
    parked.adopt('id', MINE);
    events.emit('flows:started', { config: {} });
    assert.equal(account.retired, 0);
  });

  it('stops an account whose node has other settings now', () => {
    assert.equal(parked.adopt('id', OTHER), undefined);
    assert.equal(account.retired, 1);
  });

  it('stops an account that nobody has adopted when the flows run', () => {
    events.emit('flows:started', { config: {} });
    assert.equal(account.retired, 1);
  });

  it('stops an account when the flows do not start', async () => {
    await clock.advance(60_000);
    assert.equal(account.retired, 1);
  });

  it('says when an account has left', async () => {
    parked.adopt('id', OTHER);
    let hasLeft = false;
    const left = parked.left('id').then(() => (hasLeft = true));
    await clock.advance(0);
    assert.equal(hasLeft, false);
    account.end();
    await left;
  });

  it('waits for nothing where nobody leaves', async () => {
    await parked.left('another');
  });
});
