/** One gateway, started and stopped in any order, on a disk that hangs, fails or is full. */
import assert from 'node:assert/strict';
import { createGateway, type Gateway } from '../../lib/gateway.js';
import { systemFiles } from '../../lib/storage/journal/file-system.js';
import { FakeClock, settle } from '../support/fake-clock.js';
import { SimulatedDisk } from '../support/simulated-disk.js';
import { fakeGateway } from './connection/fake-gateway.js';

const SMS = { to: '4512345600', from: 'Alarm', text: 'Pump 3 stopped' };

describe('Gateway on a simulated disk', () => {
  const machine = { ...systemFiles };
  let disk: SimulatedDisk;
  let clock: FakeClock;
  let fate: Map<Promise<unknown>, string>;
  let gateway: Gateway;
  let log: (level: string, line: string) => void;

  beforeEach(() => {
    disk = new SimulatedDisk();
    disk.put('/sms/reserve', Buffer.alloc(1024 * 1024));
    for (const name of Object.keys(machine) as (keyof typeof machine)[]) {
      Object.assign(systemFiles, { [name]: (disk[name] as () => unknown).bind(disk) });
    }
    clock = new FakeClock();
    fate = new Map();
    log = () => undefined;
    gateway = createGateway({
      systemId: 'me',
      password: 'secret',
      hosts: [{ host: 'dk1' }],
      storage: { kind: 'disk', directory: '/sms' },
      connect: fakeGateway(['dk1'], () => 0).connect,
      clock,
      log: (level, line) => log(level, line),
    });
  });

  afterEach(async () => {
    disk.release();
    await clock.advance(10_000);
    const stopping = gateway.stop();
    await clock.advance(10_000);
    await stopping;
    Object.assign(systemFiles, machine);
  });

  function watch<T>(promise: Promise<T>): Promise<T> {
    promise.then(
      () => fate.set(promise, 'resolved'),
      (error: unknown) => fate.set(promise, (error as { code?: string }).code ?? String(error)),
    );
    return promise;
  }

  const fates = (...promises: Promise<unknown>[]): (string | undefined)[] =>
    promises.map((promise) => fate.get(promise));

  async function run(): Promise<void> {
    const starting = gateway.start();
    await clock.advance(1_000);
    await starting;
  }

  /** Its disk hangs while it stops. */
  async function stopHanging(): Promise<void> {
    await run();
    disk.hang = (operation, path) => operation === 'datasync' && path.includes('journal-');
    void watch(gateway.enqueue(SMS)).catch(() => undefined);
    await settle();
    const stopping = watch(gateway.stop());
    await clock.advance(5_000);
    assert.deepEqual(fates(stopping), ['resolved']);
  }

  it('can be started again after a stop that failed', async () => {
    await run();
    const after = clock.after.bind(clock);
    clock.after = () => {
      clock.after = after;
      throw new Error('there is no timer left');
    };
    await assert.rejects(gateway.stop(), /there is no timer left/);
    assert.equal(gateway.status().state, 'stopped');
    await run();
    const sending = gateway.send(SMS);
    await clock.advance(1_000);
    assert.equal((await sending).outcome, 'accepted');
  });

  it('does what was asked for last, and tells each start what became of it', async () => {
    const asked = [
      gateway.start(),
      gateway.stop(),
      gateway.start(),
      gateway.start(),
      gateway.stop(),
      gateway.start(),
    ];
    for (const one of asked) void watch(one);
    await clock.advance(10_000);
    assert.deepEqual(fates(...asked), [
      'SMPP_STOPPED',
      'resolved',
      'SMPP_STOPPED',
      'SMPP_STOPPED',
      'resolved',
      'resolved',
    ]);
    assert.equal(gateway.status().state, 'connected');
  });

  for (const [disks, isSlow] of [
    ['a disk', false],
    ['a slow disk', true],
  ] as const) {
    for (const [turns, turn] of [
      ['microtasks', () => Promise.resolve()],
      ['turns of the event loop', () => new Promise((resolve) => setImmediate(resolve))],
      ['milliseconds', () => clock.advance(1)],
    ] as const) {
      it(`takes in or refuses each SMS of the ${turns} after its stop, and says nothing (${disks})`, async () => {
        const lines: string[] = [];
        log = (level, line) => lines.push(`${level} ${line}`);
        let accepted = 0;
        gateway.onSettled(({ outcome }) => void (accepted += outcome === 'accepted' ? 1 : 0));
        const asked: Promise<unknown>[] = [];
        const ask = (): void => {
          for (const taking of [gateway.enqueue(SMS), gateway.send(SMS)]) {
            asked.push(taking);
            watch<unknown>(taking).catch(() => undefined);
          }
        };
        for (let before = 0; before < 8; before += 1) {
          await run();
          for (let sms = 0; sms < before; sms += 1) ask();
          const stopping = watch(gateway.stop());
          for (let left = 60; left > 0; left -= 1) {
            if (isSlow) {
              disk.release();
              disk.hang = (operation) => operation === 'datasync';
            }
            if (left > 30) ask();
            await turn();
          }
          disk.release();
          await clock.advance(5_000);
          await stopping;
        }
        await run();
        await clock.advance(5_000);
        assert.deepEqual(
          lines.filter((line) => !line.startsWith('info')),
          [],
        );
        assert.deepEqual(
          fates(...asked).filter((one) => one !== 'resolved' && one !== 'SMPP_STOPPED'),
          [],
        );
        const { queued } = gateway.status().counters;
        assert.deepEqual([accepted, gateway.status().queue.normal], [queued, 0]);
      });
    }
  }

  it('does not start beside a disk that has not answered since the stop, and says so', async () => {
    await stopHanging();
    const starting = watch(gateway.start());
    await clock.advance(5_000);
    assert.deepEqual(fates(starting), ['SMPP_STORAGE']);
    await assert.rejects(starting, /has not answered since the last stop/);
  });

  it('starts as soon as that disk answers, and sends what it had', async () => {
    await stopHanging();
    const settled: string[] = [];
    gateway.onSettled(({ outcome }) => void settled.push(outcome));
    const starting = watch(gateway.start());
    await clock.advance(2_000);
    assert.deepEqual(fates(starting), [undefined]);
    disk.release();
    await clock.advance(1_000);
    assert.deepEqual([fates(starting), settled], [['resolved'], ['accepted']]);
  });

  it('can be stopped while it waits for that disk', async () => {
    await stopHanging();
    const starting = watch(gateway.start());
    await clock.advance(2_000);
    const stopping = watch(gateway.stop());
    await settle();
    assert.deepEqual(fates(starting, stopping), ['SMPP_STOPPED', 'resolved']);
  });

  it('hands nothing to a listener after the stop, also when the disk answers then', async () => {
    let heard = 0;
    gateway.onSettled(() => void (heard += 1));
    await run();
    const { id } = await gateway.enqueue({ ...SMS, sendAt: clock.wall() + 60_000 });
    disk.hang = (operation, path) => operation === 'datasync' && path.includes('journal-');
    void gateway.cancel(id);
    await settle();
    const stopping = gateway.stop();
    await clock.advance(5_000);
    await stopping;
    disk.release();
    await clock.advance(5_000);
    assert.equal(heard, 0);
    await run();
    assert.equal(heard, 1);
  });

  describe('while its disk is full', () => {
    let lines: string[];

    beforeEach(async () => {
      lines = [];
      log = (level, line) => lines.push(`${level} ${line}`);
      await run();
      const { id } = await gateway.enqueue({ ...SMS, sendAt: clock.wall() + 3_600_000 });
      lines = [];
      disk.capacity = disk.used + 20;
      void gateway.cancel(id);
      await clock.advance(10);
    });

    it('says so once, and in its status as long as it lasts', async () => {
      for (let minute = 0; minute < 10; minute++) {
        await assert.rejects(gateway.enqueue(SMS), { code: 'SMPP_STORAGE' });
        await clock.advance(60_000);
      }
      const { error, state } = gateway.status();
      assert.deepEqual([error?.code, error?.reason, state], ['SMPP_STORAGE', 'diskFull', 'connected']);
      assert.deepEqual(
        lines.map((line) => /^error .*disk that is full: free some space/.test(line)),
        [true],
      );
    });

    it('says once that it is over, and takes SMS in again', async () => {
      let error: unknown = 'unknown';
      gateway.onStatus((status) => (error = status.error));
      disk.capacity = Infinity;
      await clock.advance(60_000);
      assert.equal(error, undefined);
      assert.deepEqual(
        lines.map((line) => line.split(' ')[0]),
        ['error', 'info'],
      );
      await gateway.enqueue(SMS);
    });

    it('takes SMS in again within a second, though its status tells it for a while', async () => {
      disk.capacity = Infinity;
      await clock.advance(1_000);
      await gateway.enqueue(SMS);
      assert.equal(gateway.status().error?.reason, 'diskFull');
    });

    it('tells nothing of it once it is stopped', async () => {
      const stopping = gateway.stop();
      await clock.advance(5_000);
      await stopping;
      assert.equal(gateway.status().error, undefined);
    });

    it('says so again when it is started on that disk', async () => {
      const stopping = gateway.stop();
      await clock.advance(5_000);
      await stopping;
      await run();
      assert.equal(gateway.status().error?.reason, 'diskFull');
    });
  });

  it('says that its disk fails, until it has kept something and has not failed for a while', async () => {
    const lines: string[] = [];
    await run();
    log = (level, line) => lines.push(`${level} ${line}`);
    let failing = 0;
    disk.fail = (operation, path) =>
      operation === 'datasync' && path.includes('journal-') && ++failing % 2 === 1 ? 'EIO' : undefined;
    for (let time = 0; time < 100; time++) {
      void gateway.enqueue({ ...SMS, sendAt: clock.wall() + 3_600_000 }).catch(() => undefined);
      await clock.advance(100);
    }
    const { error } = gateway.status();
    assert.deepEqual([error?.code, error?.reason], ['SMPP_STORAGE', undefined]);
    disk.fail = () => undefined;
    await clock.advance(120_000);
    assert.equal(gateway.status().error, undefined);
    const troubles = lines.filter((line) => /^error .*EIO|^info .*well again/.test(line));
    assert.equal(troubles.length, 2, lines.join('\n'));
  });
});
