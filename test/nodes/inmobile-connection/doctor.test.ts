import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import {
  Doctor,
  refusalOf,
  type DoctorAnswer,
  type DoctorRequest,
} from '../../../nodes/inmobile-connection/doctor.js';
import { FakeClock } from '../../support/fake-clock.js';

const STORED = '__PWRD__';
const SIMULATED: DoctorRequest = { gateway: 'simulator' };

function codeOf({ body }: DoctorAnswer): string | undefined {
  return 'error' in body ? body.error.code : undefined;
}

function problemsOf({ body }: DoctorAnswer): (string | undefined)[] {
  return 'hosts' in body ? body.hosts.map(({ steps }) => steps.at(-1)?.problem?.code) : ['error'];
}

describe('the connection doctor', () => {
  let simulator: Simulator;
  let clock: FakeClock;
  let doctor: Doctor;

  before(async () => {
    simulator = await startSimulator({ systemId: 'demo', password: 'secret' });
  });
  after(async () => simulator.stop());
  beforeEach(() => {
    clock = new FakeClock();
    doctor = new Doctor(clock);
  });

  const hosts = (): string => simulator.hosts.map(({ host, port }) => `${host}:${port}`).join('\n');
  const custom = (): DoctorRequest => ({ gateway: 'custom', hosts: hosts(), tls: 'tls', systemId: 'demo' });

  /** With one deployed node, `deployed`, of the hosts of the simulator. */
  function ask(request: DoctorRequest): Promise<DoctorAnswer> {
    return doctor.answer(request, {
      deployed: (id) => (id === 'deployed' ? { form: custom(), password: 'secret' } : undefined),
      environment: (name) => (name === 'HOSTS' ? hosts() : undefined),
      tlsFiles: () => ({ ca: simulator.ca }),
    });
  }

  it('examines the simulator that the form offers', async () => {
    assert.deepEqual(problemsOf(await ask(SIMULATED)), [undefined, undefined]);
  });

  it('uses the stored password for the deployed hosts', async () => {
    const answer = await ask({ ...custom(), id: 'deployed', password: STORED });
    assert.deepEqual(problemsOf(answer), [undefined, undefined]);
  });

  it('uses it when the hosts come from the environment, as the form writes them', async () => {
    const answer = await ask({ ...custom(), hosts: '${HOSTS}', id: 'deployed', password: STORED });
    assert.deepEqual(problemsOf(answer), [undefined, undefined]);
  });

  const elsewhere: [name: string, change: Partial<DoctorRequest>][] = [
    ['other hosts', { hosts: '127.0.0.1:1' }],
    ['another gateway', { gateway: 'inmobile' }],
    ['another TLS setting', { tls: 'other' }],
    ['a node that is not deployed', { id: 'new' }],
  ];
  for (const [name, change] of elsewhere) {
    it(`does not use the stored password for ${name}`, async () => {
      const attempts = simulator.bindAttempts.length;
      const answer = await ask({ ...custom(), id: 'deployed', password: STORED, ...change });
      assert.equal(answer.status, 400);
      assert.equal(codeOf(answer), 'DOCTOR_PASSWORD');
      assert.equal(simulator.bindAttempts.length, attempts);
    });
  }

  for (const address of ['169.254.169.254', '[fe80::1]', '[::ffff:169.254.169.254]', '[fd00:ec2::254]']) {
    it(`does not connect to ${address}, where a cloud keeps its keys`, async () => {
      const answer = await ask({ ...custom(), hosts: `${address}:80`, password: 'typed' });
      assert.deepEqual(problemsOf(answer), ['ADDRESS_REFUSED']);
    });
  }

  it('names the field and the remedy when the form cannot be read', async () => {
    const answer = await ask({ ...custom(), password: '' });
    assert.equal(answer.status, 400);
    assert.match(JSON.stringify(answer.body), /password: enter the password.*"field":"password"/);
  });

  it('runs one test at a time', async () => {
    const [first, second] = await Promise.all([ask(SIMULATED), ask(SIMULATED)]);
    assert.deepEqual([first.status, second.status, codeOf(second)], [200, 409, 'DOCTOR_BUSY']);
  });

  it('runs six tests a minute at most', async () => {
    for (let test = 0; test < 6; test += 1) assert.equal((await ask(SIMULATED)).status, 200);
    const refused = await ask(SIMULATED);
    assert.deepEqual([refused.status, codeOf(refused)], [429, 'DOCTOR_RATE']);
    await clock.advance(60_000);
    assert.equal((await ask(SIMULATED)).status, 200);
  });

  it('tries six wrong logins within ten minutes at most', async () => {
    const wrong = { ...custom(), systemId: 'typo', password: 'wrong' };
    for (let test = 0; test < 6; test += 1) {
      assert.deepEqual(problemsOf(await ask(wrong)), ['ESME_RINVSYSID']);
      await clock.advance(60_000);
    }
    assert.deepEqual(problemsOf(await ask(wrong)), ['LOGIN_LIMIT']);
  });

  it('counts those of every connection mode', async () => {
    const wrong = { ...custom(), systemId: 'typo', password: 'wrong', tryAllModes: true };
    assert.deepEqual(problemsOf(await ask(wrong)), ['LOGIN_LIMIT']);
  });
});

describe('the addresses that the doctor refuses', () => {
  const LINK_LOCAL = ['169.254.169.254', 'fe80::1', 'fd00:ec2::254'];
  const PRIVATE = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '::1',
    'fd12::1',
    '::ffff:10.0.0.1',
  ];
  const PUBLIC = ['185.44.1.2', '172.32.0.1', '2a02:188::1'];

  it('are all but those of the internet for the hosts of inMobile', () => {
    const refuses = refusalOf('inmobile');
    assert.deepEqual([...LINK_LOCAL, ...PRIVATE, ...PUBLIC].filter(refuses), [...LINK_LOCAL, ...PRIVATE]);
  });

  it("are the link-local ones for a person's own hosts", () => {
    const refuses = refusalOf('custom');
    assert.deepEqual([...LINK_LOCAL, ...PRIVATE, ...PUBLIC].filter(refuses), LINK_LOCAL);
  });
});
