import assert from 'node:assert/strict';
import { acquireLock, type Lock } from '../../../../lib/storage/journal/lock.js';
import type { FileSystem } from '../../../../lib/storage/journal/file-system.js';
import type { LockOptions } from '../../../../lib/storage/journal/lock-file.js';
import type { Owner } from '../../../../lib/storage/journal/owner.js';
import { journalStorage } from '../../../../lib/storage/journal-storage.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { SimulatedDisk, type Operation } from '../../../support/simulated-disk.js';

const PATH = '/journal/lock';

describe('the lock of a storage directory', () => {
  let disk: SimulatedDisk;
  let clock: FakeClock;
  let alive: Set<number>;

  beforeEach(() => {
    disk = new SimulatedDisk();
    clock = new FakeClock();
    alive = new Set([1, 2]);
  });

  /** A process; what it knows of others is what is on its own host and boot. */
  function process(pid: number, { host = 'pi', boot = 'first' } = {}): LockOptions {
    const self: Owner = { host, boot, pid, started: '' };
    const isAlive = (owner: Owner): boolean | undefined =>
      owner.host === host && owner.boot === boot ? alive.has(owner.pid) : undefined;
    return { directory: '/journal', files: disk, clock, processes: { self, isAlive } };
  }

  /** Lets time pass until the lock is had or refused; resolves to the virtual milliseconds that it took. */
  async function passUntilSettled(acquiring: Promise<Lock>): Promise<number> {
    const start = clock.now();
    const settled = acquiring.then(
      () => true,
      () => true,
    );
    const soon = (): Promise<boolean> => new Promise((resolve) => setImmediate(resolve, false));
    while (!(await Promise.race([settled, soon()]))) await clock.advance(250);
    return clock.now() - start;
  }

  /** A holder that is gone without giving the lock up, and beats no more. */
  async function abandon(options: LockOptions): Promise<void> {
    await (await acquireLock(options)).release();
    const { self } = options.processes;
    disk.put(PATH, Buffer.from(JSON.stringify({ ...self, nonce: 'abandoned' })));
    await disk.touch(PATH, clock.wall());
  }

  it('is had at once when nobody has it', async () => {
    assert.equal(await passUntilSettled(acquireLock(process(1))), 0);
  });

  it('is refused at once while its process lives, naming process, host and remedy', async () => {
    await acquireLock(process(1));
    const second = acquireLock(process(2));
    assert.equal(await passUntilSettled(second), 0);
    await assert.rejects(second, {
      code: 'SMPP_STORAGE',
      field: 'storageDirectory',
      message: /in use by process 1 on host "pi": stop that one first, or give each its own/,
    });
  });

  it('is taken over within a second from a dead process of this host', async () => {
    await abandon(process(1));
    alive.delete(1);
    const second = acquireLock(process(2));
    assert.ok((await passUntilSettled(second)) <= 1000);
    await assert.doesNotReject(second);
  });

  it('is refused within two beats while a process of another host beats', async () => {
    await acquireLock(process(1, { host: 'other' }));
    const second = acquireLock(process(2));
    assert.ok((await passUntilSettled(second)) <= 10_000);
    await assert.rejects(second, /process 1 on host "other"/);
  });

  it('is refused by a beat even when the clocks of two hosts are a day apart', async () => {
    await acquireLock(process(1, { host: 'other' }));
    await disk.touch(PATH, clock.wall() - 86_400_000);
    const second = acquireLock(process(2));
    await passUntilSettled(second);
    await assert.rejects(second, { code: 'SMPP_STORAGE' });
  });

  it('is taken over from a silent process of another host after three beats', async () => {
    await abandon(process(1, { host: 'other' }));
    const second = acquireLock(process(2));
    const waitedMs = await passUntilSettled(second);
    await assert.doesNotReject(second);
    assert.ok(waitedMs >= 15_000 && waitedMs <= 16_000, String(waitedMs));
  });

  it('is taken over at once when this host was started anew over a minute ago', async () => {
    await abandon(process(1));
    await clock.advance(61_000);
    assert.ok((await passUntilSettled(acquireLock(process(2, { boot: 'second' })))) <= 1000);
  });

  it('is taken over after a new start with a clock that was set back', async () => {
    await abandon(process(1));
    clock.shiftWall(-86_400_000);
    const second = acquireLock(process(2, { boot: 'second' }));
    assert.ok((await passUntilSettled(second)) <= 16_000);
    await assert.doesNotReject(second);
  });

  it('is taken over when its file is empty, as a power cut may leave it', async () => {
    disk.put(PATH, Buffer.alloc(0));
    const second = acquireLock(process(2));
    await passUntilSettled(second);
    await assert.doesNotReject(second);
  });

  it('goes to one of two that find it stale at the same time', async () => {
    await abandon(process(3));
    const both = [acquireLock(process(1)), acquireLock(process(2))];
    await Promise.all(both.map(passUntilSettled));
    const outcomes = await Promise.allSettled(both);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  it('goes to the one that removes the lock of the other, having found an older one stale', async () => {
    await abandon(process(3));
    const late: FileSystem = {
      makeDirectory: (path) => disk.makeDirectory(path),
      look: (path) => disk.look(path),
      list: (path) => disk.list(path),
      open: (path, mode) => disk.open(path, mode),
      rename: (from, to) => disk.rename(from, to),
      modifiedAt: (path) => disk.modifiedAt(path),
      touch: (path, at) => disk.touch(path, at),
      syncDirectory: (path) => disk.syncDirectory(path),
      async remove(path) {
        await new Promise<void>((resolve) => clock.after(100, resolve));
        await disk.remove(path);
      },
    };
    const both = [acquireLock(process(1)), acquireLock({ ...process(2), files: late })];
    await Promise.all(both.map(passUntilSettled));
    const outcomes = await Promise.allSettled(both);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
  });

  it('is free again when it was given up', async () => {
    await (await acquireLock(process(1))).release();
    await assert.doesNotReject(acquireLock(process(2)));
  });

  describe('that was given up while its file could not be removed', () => {
    const own = (): LockOptions => process(1);

    async function giveUp(failing: (operation: Operation) => boolean): Promise<void> {
      const lock = await acquireLock(own());
      disk.fail = (operation, path) => (path === PATH && failing(operation) ? 'EBUSY' : undefined);
      await lock.release();
      disk.fail = () => undefined;
    }

    it('is had again by the same process, at once', async () => {
      await giveUp((operation) => operation === 'remove');
      const again = acquireLock(own());
      assert.ok((await passUntilSettled(again)) <= 1000);
      await assert.doesNotReject(again);
    });

    it('is had again by the same process when its file could not even be looked at', async () => {
      await giveUp(() => true);
      const again = acquireLock(own());
      assert.ok((await passUntilSettled(again)) <= 1000);
      await assert.doesNotReject(again);
    });

    it('is had by another process although the first one lives', async () => {
      await giveUp((operation) => operation === 'remove');
      const other = acquireLock(process(2));
      assert.ok((await passUntilSettled(other)) <= 1000);
      await assert.doesNotReject(other);
    });

    it('is refused to a third one as soon as somebody has it again', async () => {
      await giveUp(() => true);
      const again = acquireLock(own());
      await passUntilSettled(again);
      await assert.rejects(acquireLock(own()), { code: 'SMPP_STORAGE' });
    });

    it('leaves no timer', async () => {
      await giveUp(() => true);
      assert.equal(clock.pending, 0);
    });
  });

  for (const failing of ['write', 'touch', 'close'] as const) {
    it(`is had after it could not be made, whatever is left of its file: ${failing}`, async () => {
      disk.fail = (operation, path) =>
        path === PATH && (operation === failing || operation === 'remove') ? 'EIO' : undefined;
      await assert.rejects(acquireLock(process(1)));
      disk.fail = () => undefined;
      const again = acquireLock(process(1));
      await passUntilSettled(again);
      await assert.doesNotReject(again);
    });
  }

  it('is had after taking it over had failed half-way', async () => {
    await abandon(process(3));
    alive.delete(3);
    let looks = 0;
    disk.fail = (operation, path) =>
      path === PATH && operation === 'modifiedAt' && ++looks > 2 ? 'EIO' : undefined;
    const failing = acquireLock(process(1));
    await passUntilSettled(failing);
    await assert.rejects(failing, /EIO/);
    disk.fail = () => undefined;
    const again = acquireLock(process(1));
    assert.ok((await passUntilSettled(again)) <= 1000);
    await assert.doesNotReject(again);
  });

  it('is waited for no longer than the run lasts', async () => {
    await abandon(process(1, { host: 'other' }));
    const run = new AbortController();
    const waiting = assert.rejects(acquireLock({ ...process(2), signal: run.signal }), {
      code: 'SMPP_STOPPED',
    });
    await clock.advance(2_500);
    run.abort();
    await waiting;
    assert.equal(clock.pending, 0);
  });

  it('leaves no timer when it was given up', async () => {
    await (await acquireLock(process(1))).release();
    assert.equal(clock.pending, 0);
  });

  it('is made again when somebody deleted its file', async () => {
    await acquireLock(process(1));
    await disk.remove(PATH);
    await clock.advance(5_000);
    await assert.rejects(acquireLock(process(2)), /process 1/);
  });

  describe('that another took over while its holder slept', () => {
    let first: Lock;

    beforeEach(async () => {
      first = await acquireLock(process(1));
      const other = { ...process(2, { host: 'other' }).processes.self, nonce: 'theirs' };
      disk.put(PATH, Buffer.from(JSON.stringify(other)));
    });

    it('is not confirmed after the next beat', async () => {
      await clock.advance(5_000);
      await assert.rejects(first.confirm(), /process 2 on host "other"/);
    });

    it('stays with the other when the first gives up', async () => {
      await first.release();
      assert.match(disk.contentOf(PATH).toString(), /theirs/);
    });

    it('is not touched any more', async () => {
      await clock.advance(60_000);
      assert.equal(await disk.modifiedAt(PATH), 0);
    });
  });

  it('is not confirmed when it could not be looked at for two beats', async () => {
    const lock = await acquireLock(process(1));
    disk.fail = () => 'EIO';
    await clock.advance(10_000);
    await assert.rejects(lock.confirm(), { code: 'SMPP_STORAGE' });
  });

  it('is confirmed without a look right after a beat', async () => {
    const lock = await acquireLock(process(1));
    await clock.advance(5_000);
    disk.fail = () => 'EIO';
    await assert.doesNotReject(lock.confirm());
  });

  it('stops the writes of a storage that has lost it', async () => {
    const { directory, files, processes } = process(1);
    const storage = journalStorage({ directory, files, clock, processes });
    await storage.open();
    await storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
    const before = disk.contentOf('/journal/journal-000001.ndjson');
    disk.put(PATH, Buffer.from('another'));
    await clock.advance(5_000);
    await assert.rejects(storage.write([{ table: 'outbox', key: 'l', value: 1 }]), { code: 'SMPP_STORAGE' });
    assert.deepEqual(disk.contentOf('/journal/journal-000001.ndjson'), before);
  });
});
