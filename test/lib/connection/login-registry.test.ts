import assert from 'node:assert/strict';

import { accountKey, loginsOf, type LoginSettings } from '../../../lib/connection/login-registry.js';
import { FakeClock } from '../../support/fake-clock.js';

const DK1 = { host: 'smpp-dk1.inmobile.dk', port: 2775 };
const DK2 = { host: 'smpp-dk2.inmobile.dk', port: 2775 };
const OWN = { host: 'sms.example.com', port: 2775 };

describe('The logins of a process', () => {
  const clock = new FakeClock();
  const connect = () => Promise.reject(new Error('nowhere'));
  const settings: LoginSettings = {
    systemId: 'me',
    password: 'secret',
    hosts: [DK1, DK2],
    connect: undefined,
    clock,
  };

  /** Whether refusals of the one count for the other. */
  function countTogether(one: Partial<LoginSettings>, other: Partial<LoginSettings>): boolean {
    const fresh = { ...settings, clock: new FakeClock() };
    for (let time = 0; time < 6; time++) {
      const login = loginsOf({ ...fresh, ...one });
      login.ended(login.asked('dk1:2775'), 'refused', 1_000);
    }
    return loginsOf({ ...fresh, ...other }).waitMs('dk1:2775', 1_000) > 0;
  }

  it('count together for each account', () => {
    assert.equal(countTogether({}, {}), true);
    assert.equal(countTogether({}, { systemId: 'other' }), false);
  });

  it('count together whatever the password', () => {
    assert.equal(countTogether({}, { password: 'other' }), true);
  });

  it('count together for the hosts of inMobile in any number and order, and apart for others', () => {
    assert.equal(countTogether({}, { hosts: [DK2, DK1] }), true);
    assert.equal(countTogether({}, { hosts: [DK2] }), true);
    assert.equal(countTogether({}, { hosts: [{ ...DK1, host: 'SMPP-DK1.inmobile.dk' }] }), true);
    assert.equal(countTogether({}, { hosts: [OWN] }), false);
    assert.equal(countTogether({ hosts: [OWN, DK1] }, { hosts: [DK1, OWN] }), true);
  });

  it('count together wherever a host is the same, however it is written and whatever is listed beside it', () => {
    const other = { host: 'other.example.com', port: 2775 };
    assert.equal(countTogether({ hosts: [OWN, other] }, { hosts: [OWN] }), true);
    assert.equal(countTogether({ hosts: [OWN] }, { hosts: [other, OWN] }), true);
    assert.equal(countTogether({}, { hosts: [OWN, DK1] }), true);
    assert.equal(countTogether({}, { hosts: [{ ...DK1, host: 'smpp-dk1.inmobile.dk.' }] }), true);
    assert.equal(countTogether({}, { hosts: [{ ...DK1, port: 3550 }] }), true);
    assert.equal(countTogether({ systemId: 'Me' }, { systemId: 'mE' }), true);
    assert.equal(countTogether({ hosts: [OWN] }, { hosts: [other] }), false);
  });

  it('count together, those that were begun before too, once hosts turn out to be of one service', () => {
    const other = { host: 'other.example.com', port: 2775 };
    const way = { ...settings, clock: new FakeClock() };
    const [first, second, third] = [[OWN], [other], [DK1]].map((hosts) => loginsOf({ ...way, hosts }));
    assert.ok(first && second && third);
    const attempt = second.asked('other');
    for (let time = 0; time < 3; time++) first.ended(first.asked('own'), 'refused', 1_000);
    loginsOf({ ...way, hosts: [OWN, other] });
    second.ended(attempt, 'refused', 1_000);
    for (let time = 0; time < 2; time++) third.ended(third.asked('dk1'), 'refused', 1_000);
    loginsOf({ ...way, hosts: [other, DK1] });
    for (const login of [first, second, third, loginsOf({ ...way, hosts: [OWN] })])
      assert.ok(login.waitMs('somewhere', 1_000) > 60_000);
  });

  it("count apart behind a transport of somebody's own", () => {
    assert.equal(countTogether({ connect }, {}), false);
    assert.equal(countTogether({ connect }, { connect }), true);
  });

  it('are bounded, and forget first what there is nothing to remember of', () => {
    const way = { ...settings, connect: () => connect() };
    const refused = loginsOf(way);
    for (let time = 0; time < 6; time++) refused.ended(refused.asked('dk1:2775'), 'refused', clock.now());
    for (let other = 0; other < 3_000; other++) loginsOf({ ...way, systemId: `other ${other}` });
    assert.ok(loginsOf(way).waitMs('dk1:2775', clock.now()) > 0);
  });

  it('name no account', () => {
    assert.doesNotMatch(accountKey('canary', [OWN]), /canary|example/);
  });
});
