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
  ended = 0;
  exits = 0;
  over: () => void = () => undefined;
  suits = (wanted: ConnectionSettings): boolean => wanted === MINE;
  end = (): Promise<void> => {
    this.ended += 1;
    return Promise.resolve();
  };
  exit = (): void => {
    this.exits += 1;
  };
  retire = (): Promise<void> => {
    this.retired += 1;
    return new Promise((resolve) => (this.over = resolve));
  };
}

describe('ParkedAccounts', () => {
  let events: EventEmitter;
  let clock: FakeClock;
  let parked: ParkedAccounts<FakeAccount>;
  let account: FakeAccount;
  let timesLeft: number;

  beforeEach(() => {
    events = new EventEmitter();
    clock = new FakeClock();
    timesLeft = 0;
    parked = new ParkedAccounts(new FlowGate(events), () => (timesLeft += 1), clock);
    account = new FakeAccount();
    parked.park('id', account, '/store');
  });

  it('tells those that are leaving when the process ends, and no other', async () => {
    parked.exit();
    assert.equal(account.exits, 0);
    flowsRun();
    parked.exit();
    assert.equal(account.exits, 1);
    account.over();
    await clock.advance(0);
    parked.exit();
    assert.equal(account.exits, 1);
  });

  const flowsRun = (): boolean => events.emit('flows:started', { config: {} });

  /** Whether a new account may open its store; asked without waiting. */
  function watch(left: Promise<void>): () => Promise<boolean> {
    let hasLeft = false;
    void left.then(() => (hasLeft = true));
    return async () => {
      await clock.advance(0);
      return hasLeft;
    };
  }

  it('gives an account to a node of the same id and settings', () => {
    assert.equal(parked.find('id', MINE).adopted, account);
  });

  it('lets an adopted account be when the flows run', () => {
    parked.find('id', MINE);
    flowsRun();
    assert.equal(account.retired, 0);
  });

  it('stops an account whose node has other settings now', () => {
    assert.deepEqual(parked.find('id', OTHER), { adopted: undefined, predecessor: account });
    assert.equal(account.retired, 1);
  });

  it('stops an account that nobody has adopted when the flows run', () => {
    flowsRun();
    assert.equal(account.retired, 1);
  });

  it('stops an account when the flows do not start', async () => {
    await clock.advance(60_000);
    assert.equal(account.retired, 1);
  });

  it('says when an account has left', async () => {
    parked.find('id', OTHER);
    const hasLeft = watch(parked.left('id', undefined));
    assert.equal(await hasLeft(), false);
    account.over();
    assert.deepEqual([await hasLeft(), timesLeft], [true, 1]);
  });

  it('waits for nothing where nobody leaves', async () => {
    await parked.left('another', '/another');
  });

  it('has a store wait for the account that the deploy takes from it, whatever its node', async () => {
    const hasLeft = watch(parked.left('another', '/store'));
    assert.equal(await hasLeft(), false);
    flowsRun();
    assert.equal(await hasLeft(), false);
    account.over();
    assert.equal(await hasLeft(), true);
  });

  it('has a store wait no longer than the deploy for an account that goes on with it', async () => {
    const hasLeft = watch(parked.left('another', '/store'));
    parked.find('id', MINE);
    flowsRun();
    assert.equal(await hasLeft(), true);
  });

  it('lets two accounts change places', async () => {
    const other = new FakeAccount();
    parked.park('other', other, '/other');
    parked.find('id', OTHER);
    const [mayOpen, otherMayOpen] = [
      watch(parked.left('id', '/other')),
      watch(parked.left('other', '/store')),
    ];
    parked.find('other', OTHER);
    flowsRun();
    account.over();
    assert.deepEqual([await mayOpen(), await otherMayOpen()], [false, false]);
    other.over();
    assert.deepEqual([await mayOpen(), await otherMayOpen()], [true, true]);
  });

  it('has an account that is replaced while it waits wait for those before it only', async () => {
    parked.find('id', OTHER);
    const hasLeft = watch(parked.left('id', '/store'));
    const replaced = new FakeAccount();
    parked.park('id', replaced, '/store');
    parked.find('id', OTHER);
    account.over();
    assert.equal(await hasLeft(), true);
  });

  describe('with an account whose node has wrong settings now', () => {
    it('gives it to that node, and leaves it as it is', () => {
      assert.equal(parked.take('id'), account);
      flowsRun();
      assert.equal(account.retired, 0);
    });

    it('has none to give to a node that is new', () => {
      assert.equal(parked.take('other'), undefined);
    });
  });
});
