import assert from 'node:assert/strict';
import { ownWaitMs, SubmitFailures, type FailedSms, type View } from '../../../lib/outbox/submit-failures.js';

const FAILED = 0x45;
const DK1 = { id: 1, host: 'dk1:2775' };
const DK2 = { id: 2, host: 'dk2:2775' };

interface Sms extends FailedSms {
  readonly name: string;
  state: 'held' | 'queued';
}

/** Answers are given by the number of the submission, which counts up by itself. */
class Reading {
  readonly failures = new SubmitFailures<Sms>();
  now = 1_000;
  #number = 0;

  sms(name: string): Sms {
    return { name, failure: undefined, state: 'queued' };
  }

  /** Submits and returns the number. */
  submit(session = DK1): number {
    this.#number += 1;
    this.failures.submitted(session.id, this.#number, this.now);
    return this.#number;
  }

  refuse(sms: Sms, session = DK1, number = this.submit(session), isUnbound = false): void {
    sms.state = 'held';
    this.failures.refused(sms, { session, number, status: FAILED, isUnbound }, this.now);
  }

  accept(session = DK1, number = this.submit(session)): void {
    this.failures.accepted(session.id, number, this.now);
  }

  /** Names of what may go again. */
  freed(isLineEmpty = true): string[] {
    const names: string[] = [];
    for (const sms of this.failures.takeFreed(this.now, () => isLineEmpty)) {
      if (sms.state === 'held') names.push(sms.name);
      sms.state = 'queued';
    }
    return names;
  }

  /** Sessions that are to be left. */
  left(view: Partial<View> = {}): number[] {
    const seen = { isLineEmpty: false, underWay: () => 0, ...view };
    return this.failures.look(this.now, seen).map(({ session }) => session);
  }
}

function reading(...sessions: (typeof DK1)[]): Reading {
  const made = new Reading();
  for (const session of sessions) made.failures.bound(session, made.now);
  return made;
}

describe('SubmitFailures', () => {
  it('holds nobody back as long as nothing is refused', () => {
    const { failures } = reading(DK1);
    assert.deepEqual(
      [failures.isCalm, failures.isIdle, failures.mayBegin(1, 0), failures.isOpen(1)],
      [true, true, true, true],
    );
  });

  describe('takes it for the SMS’s own', () => {
    it('when one submitted after it over the same session is accepted', () => {
      const made = reading(DK1);
      made.refuse(made.sms('odd'));
      made.accept();
      assert.deepEqual(made.freed(), []);
      made.now += 499;
      assert.deepEqual(made.freed(), []);
      made.now += 1;
      assert.deepEqual([made.freed(), made.failures.isIdle], [['odd'], true]);
    });

    it('but not when one submitted before it is', () => {
      const made = reading(DK1);
      const before = made.submit();
      made.refuse(made.sms('odd'));
      made.accept(DK1, before);
      assert.equal(made.failures.isCalm, false);
    });

    it('when it is alone, and another session refuses it too', () => {
      const made = reading(DK1);
      const odd = made.sms('odd');
      made.refuse(odd);
      assert.deepEqual(made.left({ isLineEmpty: true }), [1]);
      made.failures.over(1, made.now);
      made.failures.bound(DK2, made.now);
      assert.deepEqual(made.freed(), ['odd']);
      made.refuse(odd, DK2);
      assert.deepEqual([made.left({ isLineEmpty: true }), made.freed()], [[], []]);
      made.now += 500;
      assert.deepEqual(made.freed(), ['odd']);
    });

    it('at every further refusal, and waits longer each time', () => {
      const made = reading(DK1);
      const odd = made.sms('odd');
      made.refuse(odd);
      made.accept();
      for (const waitMs of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
        made.now += waitMs - 1;
        assert.deepEqual(made.freed(), []);
        made.now += 1;
        assert.deepEqual(made.freed(), ['odd']);
        made.refuse(odd);
        assert.equal(made.failures.isCalm, true);
      }
      assert.equal(odd.failure?.excused, 0);
    });

    it('when two sessions in a row answered ESME_RINVBNDSTS', () => {
      const made = reading(DK1);
      const odd = made.sms('odd');
      made.refuse(odd, DK1, made.submit(), true);
      made.failures.over(1, made.now);
      made.failures.bound(DK2, made.now);
      made.freed();
      made.refuse(odd, DK2, made.submit(DK2), true);
      assert.equal(odd.failure?.waits, 1);
    });
  });

  describe('takes it for the gateway’s trouble', () => {
    it('when two are refused and there is no other to try', () => {
      const made = reading(DK1);
      const odd = [made.sms('one'), made.sms('two')];
      for (const sms of odd) made.refuse(sms);
      assert.deepEqual(made.left({ isLineEmpty: true }), [1]);
      assert.deepEqual(
        [made.freed(), odd.map(({ failure }) => failure?.excused)],
        [
          ['one', 'two'],
          [1, 1],
        ],
      );
    });

    it('when one that is tried after two were refused is refused too', () => {
      const made = reading(DK1);
      for (const name of ['one', 'two']) made.refuse(made.sms(name));
      assert.deepEqual(made.left(), []);
      assert.deepEqual([made.failures.probe(1, made.now, () => false), made.failures.isOpen(1)], [1, false]);
      made.refuse(made.sms('three'));
      assert.deepEqual(made.left(), [1]);
    });

    it('but not while the answer to one submitted after them may still come', () => {
      const made = reading(DK1);
      for (const name of ['one', 'two', 'three']) made.refuse(made.sms(name));
      made.refuse(made.sms('four'));
      assert.deepEqual(made.left({ underWay: () => 1 }), []);
      made.now += 1_000;
      assert.deepEqual(made.left({ underWay: () => 1 }), [1]);
    });

    it('when a sign of a restart comes, and tries the next session with one SMS', () => {
      const made = reading(DK1);
      made.refuse(made.sms('odd'));
      made.failures.signed(made.now);
      assert.deepEqual(made.freed(), ['odd']);
      made.failures.over(1, made.now);
      made.failures.bound(DK2, made.now);
      assert.equal(
        made.failures.probe(2, made.now, () => false),
        'first',
      );
      made.submit(DK2);
      assert.equal(made.failures.mayBegin(2, made.now), false);
    });

    it('also when the sign comes after the session', () => {
      const made = reading(DK1);
      made.refuse(made.sms('odd'));
      made.failures.over(1, made.now);
      made.failures.signed(made.now);
      made.failures.bound(DK2, made.now);
      assert.equal(made.failures.isOpen(2), false);
    });

    it('until the first acceptance, which frees all', () => {
      const made = reading(DK1);
      for (const name of ['one', 'two']) made.refuse(made.sms(name));
      made.left({ isLineEmpty: true });
      made.failures.bound(DK2, made.now);
      made.freed();
      made.refuse(made.sms('three'), DK2);
      assert.deepEqual(made.freed(), []);
      made.now += 500;
      made.accept(DK2);
      made.failures.over(1, made.now);
      assert.deepEqual([made.freed(), made.failures.isIdle], [['three'], true]);
    });
  });

  describe('on trial in trouble', () => {
    function inTrouble(): Reading {
      const made = reading(DK1);
      for (const name of ['one', 'two']) made.refuse(made.sms(name));
      made.left({ isLineEmpty: true });
      made.failures.over(1, made.now);
      made.failures.bound(DK2, made.now);
      return made;
    }

    it('tries SMS from all over the queue at 0, 0.5, 1, 2, 5 and 5 s', () => {
      const made = inTrouble();
      const tried: unknown[] = [];
      for (const waitMs of [500, 1_000, 2_000, 5_000, 5_000]) {
        tried.push(made.failures.probe(2, made.now, () => false));
        made.refuse(made.sms('odd'), DK2);
        assert.equal(made.failures.nextAt(made.now), made.now + waitMs);
        made.now += waitMs;
      }
      assert.deepEqual(tried, ['first', 1, 'first', 0.5, 'first']);
    });

    it('tries a new one at once, and that does not put off the others', () => {
      const made = inTrouble();
      made.failures.probe(2, made.now, () => false);
      made.refuse(made.sms('odd'), DK2);
      const next = made.now + 500;
      made.now += 100;
      assert.equal(
        made.failures.probe(2, made.now, () => true),
        'new',
      );
      assert.equal(made.failures.mayBegin(2, made.now), true);
      made.refuse(made.sms('new'), DK2);
      assert.equal(made.failures.nextAt(made.now), next);
    });

    it('tries another when one is not answered for a second', () => {
      const made = inTrouble();
      made.failures.probe(2, made.now, () => false);
      made.submit(DK2);
      assert.equal(
        made.failures.probe(2, made.now + 999, () => true),
        undefined,
      );
      assert.equal(
        made.failures.probe(2, made.now + 1_000, () => false),
        1,
      );
    });

    it('leaves a session that takes nothing for 30 s, and later ones later', () => {
      const made = inTrouble();
      made.refuse(made.sms('odd'), DK2);
      made.now += 29_999;
      assert.deepEqual(made.left(), []);
      made.now += 1;
      assert.deepEqual(made.left(), [2]);
      made.failures.bound({ id: 3, host: 'dk1:2775' }, made.now);
      made.refuse(made.sms('another'), { id: 3, host: 'dk1:2775' });
      made.now += 59_999;
      assert.deepEqual(made.left(), []);
      made.now += 1;
      assert.deepEqual(made.left(), [3]);
    });
  });

  it('is the slower to suspect the gateway the more often it was wrong', () => {
    const made = reading(DK1);
    for (const patience of [2, 4, 8]) {
      for (let count = 0; count < patience; count += 1) {
        assert.equal(made.failures.isOpen(1), true);
        made.refuse(made.sms('odd'));
      }
      assert.equal(made.failures.isOpen(1), false);
      made.accept();
    }
    made.now += 60_001;
    for (const name of ['one', 'two']) made.refuse(made.sms(name));
    assert.equal(made.failures.isOpen(1), false);
  });

  it('ends all waits at a sign of a restart, and begins anew with each SMS', () => {
    const made = reading(DK1);
    const odd = made.sms('odd');
    made.refuse(odd);
    made.accept();
    made.failures.signed(made.now);
    assert.deepEqual([made.freed(), odd.failure?.waits], [['odd'], 0]);
  });

  it('lets one go whose wait is over for four others that are accepted, or when there are no others', () => {
    const made = reading(DK1);
    const odd = ['one', 'two', 'three', 'four'].map((name) => made.sms(name));
    for (const sms of odd) made.refuse(sms, DK1);
    made.accept();
    made.now += 500;
    assert.deepEqual(made.freed(false), []);
    for (let count = 0; count < 8; count += 1) made.accept();
    assert.deepEqual(made.freed(false).length, 2);
    assert.deepEqual(made.freed(false), []);
    assert.deepEqual(made.freed(true).length, 1);
  });

  it('refers to nothing that is settled', () => {
    const made = reading(DK1);
    const odd = made.sms('odd');
    made.refuse(odd);
    made.failures.forget(odd);
    assert.equal(made.failures.isIdle, true);
    made.refuse(odd);
    made.accept();
    made.failures.forget(odd);
    made.now += 60_000;
    assert.deepEqual([made.freed(), made.failures.isIdle], [[], true]);
  });

  it('gives one that another session may take back at once', () => {
    const made = reading(DK1, DK2);
    const odd = made.sms('odd');
    made.refuse(odd);
    assert.deepEqual(made.freed(), ['odd']);
    made.refuse(odd, DK1);
    assert.deepEqual(made.freed(), []);
  });

  it('waits 0.5 s, then twice as long each time, at most 30 s', () => {
    assert.deepEqual([1, 2, 3, 6, 7, 50].map(ownWaitMs), [500, 1_000, 2_000, 16_000, 30_000, 30_000]);
  });
});
