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

  const pins = `${'A'.repeat(43)}=`;
  const PINNED = { pins, pinMode: 'enforce' } as const;

  /** With nodes deployed: of the simulator's hosts, of those in a variable, with pins that it does not have. */
  function ask(request: DoctorRequest): Promise<DoctorAnswer> {
    const variables = { ...custom(), hosts: '${HOSTS}', connectionMode: '${CANARY}' };
    const forms = new Map<string, DoctorRequest>([
      ['deployed', custom()],
      ['variables', variables],
      ['pinned', { ...custom(), ...PINNED }],
      ['unpinned', { ...custom(), pins, pinMode: 'warn' }],
      ['wrong', { ...custom(), hosts: 'https://${CANARY}' }],
    ]);
    const environment = new Map([
      ['HOSTS', hosts()],
      ['ACCOUNT', 'demo'],
      ['CANARY', 'canary'],
    ]);
    return doctor.answer(request, {
      deployed: (id) => {
        const form = forms.get(id);
        return form && { form, systemId: '${ACCOUNT}', password: 'secret' };
      },
      deployedPorts: () => simulator.hosts.map(({ port }) => port),
      environment: (name) => environment.get(name),
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
    const answer = await ask({ ...custom(), hosts: '${HOSTS}', id: 'variables', password: STORED });
    assert.deepEqual(problemsOf(answer), [undefined, undefined]);
  });

  const unknown: [name: string, request: Partial<DoctorRequest>][] = [
    ['in the hosts', { hosts: '://${CANARY}' }],
    ['in another field than the deployed one', { hosts: '${CANARY}', id: 'variables' }],
    ['beside another text', { hosts: '${HOSTS},127.0.0.1', id: 'variables' }],
    ['in a field that the form does not ask for', { sender: '${CANARY}' }],
    ['in the connection mode', { connectionMode: '${NONE}' }],
    ['as system id, before it is deployed', { systemId: '${CANARY}', id: 'deployed' }],
    ['as system id, to other hosts', { systemId: '${ACCOUNT}', id: 'deployed', hosts: '127.0.0.1:2775' }],
    ['as system id, to whom the pins keep out', { systemId: '${ACCOUNT}', id: 'pinned' }],
    ['as system id of a node that is not deployed', { systemId: '${ACCOUNT}' }],
    ['as password', { password: '${CANARY}', id: 'deployed' }],
  ];
  for (const [name, change] of unknown) {
    it(`fills in no variable that the deployed connection does not have: ${name}`, async () => {
      const attempts = simulator.bindAttempts.length;
      const answer = await ask({ ...custom(), password: 'typed', ...change });
      assert.equal(codeOf(answer), 'DOCTOR_VARIABLE');
      assert.doesNotMatch(JSON.stringify(answer.body), /canary|demo/);
      assert.equal(simulator.bindAttempts.length, attempts);
    });
  }

  it('fills in the system id of the deployed connection for the deployed hosts', async () => {
    const answer = await ask({ ...custom(), systemId: '${ACCOUNT}', id: 'deployed', password: STORED });
    assert.deepEqual(problemsOf(answer), [undefined, undefined]);
  });

  it('quotes a text with a variable as it was entered', async () => {
    const answer = await ask({ ...custom(), hosts: 'https://${CANARY}', id: 'wrong', password: 'typed' });
    assert.match(JSON.stringify(answer.body), /https:\/\/\$\{CANARY\}\\" is an address with a scheme/);
    assert.doesNotMatch(JSON.stringify(answer.body), /canary/);
  });

  it('keeps the deployed pins for the stored password', async () => {
    const request = { ...custom(), id: 'pinned', password: STORED };
    assert.equal(codeOf(await ask(request)), 'DOCTOR_PASSWORD');
    assert.equal(codeOf(await ask({ ...request, pins, pinMode: 'warn' })), 'DOCTOR_PASSWORD');
    assert.deepEqual(problemsOf(await ask({ ...request, ...PINNED })), ['PIN_MISMATCH', 'PIN_MISMATCH']);
    assert.deepEqual(problemsOf(await ask({ ...request, id: 'unpinned' })), [undefined, undefined]);
  });

  for (const host of ['127.0.0.1:22', 'localhost:1880', '[::1]:6379', '127.0.0.1:2775,127.0.0.1:80'])
    it(`does not tell whether a port is open that is none of SMPP: ${host}`, async () => {
      assert.equal(codeOf(await ask({ ...custom(), hosts: host, password: 'typed' })), 'DOCTOR_PORT');
    });

  const elsewhere: [name: string, change: Partial<DoctorRequest>][] = [
    ['other hosts', { hosts: '127.0.0.1:1' }],
    ['another gateway', { gateway: 'inmobile' }],
    ['another TLS setting', { tls: 'other' }],
    ['hosts in a variable that are the deployed ones', { hosts: '${HOSTS}' }],
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

  const CLOUDS = [
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '[fe80::1]',
    '[::ffff:169.254.169.254]',
    '[fd00:ec2::254]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
  ];
  for (const address of CLOUDS) {
    it(`does not connect to ${address}, where a cloud keeps its keys`, async () => {
      const answer = await ask({ ...custom(), hosts: `${address}:2775`, password: 'typed' });
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
  const LINK_LOCAL = [
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::a9fe:a9fe',
    '::ffff:0:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '64:ff9b::6464:64c8',
    '2002:a83f:8110::1',
  ];
  const PRIVATE = [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '::1',
    'fd12::1',
    '::ffff:10.0.0.1',
    '0.0.0.0',
    '::',
    '198.18.0.1',
    '240.0.0.1',
    '224.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:c0a8:101::1',
    '2001:0:1::1',
    'fec0::1',
    'ff02::1',
  ];
  const PUBLIC = ['185.44.1.2', '172.32.0.1', '2a02:188::1', '64:ff9b::b92c:102', '2002:b92c:102::1'];

  it('are all but those of the internet for the hosts of inMobile', () => {
    const refuses = refusalOf('inmobile');
    assert.deepEqual([...LINK_LOCAL, ...PRIVATE, ...PUBLIC].filter(refuses), [...LINK_LOCAL, ...PRIVATE]);
  });

  it("are the link-local ones for a person's own hosts", () => {
    const refuses = refusalOf('custom');
    assert.deepEqual([...LINK_LOCAL, ...PRIVATE, ...PUBLIC].filter(refuses), LINK_LOCAL);
  });
});
