import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DiagnosisStep } from '../../../lib/message.js';
import { wordsOf, type DoctorProblem } from '../../../nodes/inmobile-connection/doctor-words.editor.js';
import { LANGUAGES, readCatalogue } from '../catalogue.js';

const TYPE = 'inmobile-connection';
const OWN_WORDS = 'in the words of the runtime';

type Step = DiagnosisStep['step'] | undefined;

function words(language: string, step: Step, code: string, message = OWN_WORDS): string {
  return problemWords(language, step, { code, message });
}

function problemWords(language: string, step: Step, problem: DoctorProblem): string {
  const catalogue = readCatalogue(TYPE, language);
  return wordsOf(problem, step, (key, blanks) =>
    catalogue
      .get(`${TYPE}.doctor.problem.${key}`)
      ?.replace(/__(\w+)__/g, (_, name: string) => blanks[name] ?? ''),
  );
}

/** What the runtime has words for, in English. */
const NAMED_CODES = [...source().matchAll(/'([A-Z0-9_]+)'/g)]
  .map(([, code]) => code ?? '')
  .filter((code) => !code.startsWith('SMPP_'));

function source(): string {
  return readFileSync(join(__dirname, '../../../lib/connection/connect-error.ts'), 'utf8');
}

/** What the doctor's request and `lib/gateway-options.ts` call them. */
const FIELDS = [
  'gateway',
  'hosts.0.host',
  'connectionMode',
  'tls',
  'tls.ca',
  'tls.cert',
  'tls.pins',
  'pins',
  'pinMode',
  'systemId',
  'password',
];

/** As `diagnose` finds them before such peers. */
const PROBLEMS: readonly (readonly [name: string, DiagnosisStep['step'], code: string])[] = [
  ['a name server that does not answer', 'dns', 'SMPP_CONNECT'],
  ['a firewall that drops what it does not let out', 'tcp', 'SMPP_CONNECT'],
  ['a connection that is reset', 'tcp', 'ECONNRESET'],
  ['a machine without a network', 'tcp', 'ENETUNREACH'],
  ['a port that says nothing', 'tls', 'SMPP_CONNECT'],
  ['a port that closes at once', 'tls', 'ECONNRESET'],
  ['a host that closes instead of answering the login', 'bind', 'SMPP_CONNECT'],
  ['a host that cuts off instead of answering the login', 'bind', 'ECONNRESET'],
  ['a host that leaves the login unanswered', 'bind', 'SMPP_BIND'],
  ['a host that takes the login and closes', 'bind', 'CUT_AFTER_BIND'],
  ['a host that takes the login and unbinds', 'bind', 'UNBOUND_AFTER_BIND'],
  ['a host that takes the login and falls silent', 'bind', 'SILENT_AFTER_BIND'],
  ['a host that takes the login and speaks no SMPP', 'bind', 'PROTOCOL_AFTER_BIND'],
  ['an account that is in danger of being locked', 'bind', 'LOGIN_LIMIT'],
  ['a host that speaks something else', 'bind', 'SMPP_PROTOCOL'],
];

describe('The words of the doctor in the form', () => {
  for (const language of LANGUAGES) {
    for (const [name, step, code] of PROBLEMS) {
      it(`are of the editor's language, ${language}, for ${name}`, () => {
        assert.notEqual(words(language, step, code), OWN_WORDS);
      });
    }

    it(`are of the editor's language, ${language}, for every code that the runtime has words for`, () => {
      assert.ok(NAMED_CODES.length > 25);
      const steps = ['tcp', 'tls'] as const;
      const spoken = NAMED_CODES.filter((code) =>
        steps.some((step) => words(language, step, code).includes(code)),
      );
      assert.deepEqual(spoken, []);
    });

    it(`name a code that nobody has thought of, at every step, in ${language}`, () => {
      for (const step of ['dns', 'tcp', 'tls', 'bind'] as const)
        assert.match(words(language, step, '0x00000400'), /^\p{L}.*\(0x00000400\): /u);
    });

    for (const field of FIELDS) {
      it(`say in ${language} what to do about ${field} that a test cannot begin with`, () => {
        const problem = { code: 'SMPP_OPTIONS', message: OWN_WORDS, field };
        assert.notEqual(problemWords(language, undefined, problem), OWN_WORDS);
      });
    }

    it(`name in ${language} the variable without a value, and its field`, () => {
      const message =
        'hosts: the environment variable SMS_HOSTS has no value: set it, or write the value itself';
      const found = problemWords(language, undefined, { code: 'SMPP_OPTIONS', message, field: 'hosts' });
      assert.match(found, /SMS_HOSTS .*\(hosts\)/);
    });

    it(`name in ${language} the pin of a server's certificate that was given as CA`, () => {
      const pin = `${'A'.repeat(43)}=`;
      const problem = {
        code: 'SMPP_OPTIONS',
        message: `tls.ca holds …, give the pin ${pin}`,
        field: 'tls.ca',
      };
      assert.ok(problemWords(language, undefined, problem).includes(pin));
    });

    it(`name the pin of a certificate that matches none, in ${language}`, () => {
      const pin = `${'A'.repeat(43)}=`;
      const message = `The certificate of a:1 matches none of the pins; the pin of the one it shows is ${pin}`;
      assert.ok(words(language, 'tls', 'PIN_MISMATCH', message).includes(pin));
    });
  }

  it('say of one code what it means at its step', () => {
    assert.match(words('en-US', 'tcp', 'SMPP_CONNECT'), /firewall/);
    assert.match(words('en-US', 'bind', 'SMPP_CONNECT'), /restarting/);
  });

  it('are those of the runtime where there is no sentence', () => {
    assert.equal(words('en-US', undefined, 'SMPP_STORAGE'), OWN_WORDS);
  });
});
