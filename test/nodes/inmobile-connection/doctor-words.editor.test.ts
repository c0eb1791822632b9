import assert from 'node:assert/strict';
import type { DiagnosisStep } from '../../../lib/message.js';
import { wordsOf } from '../../../nodes/inmobile-connection/doctor-words.editor.js';
import { LANGUAGES, readCatalogue } from '../catalogue.js';

const TYPE = 'inmobile-connection';
const OWN_WORDS = 'in the words of the runtime';

function words(language: string, step: DiagnosisStep['step'] | undefined, code: string, message = OWN_WORDS) {
  const catalogue = readCatalogue(TYPE, language);
  return wordsOf({ code, message }, step, (key, blanks) =>
    catalogue
      .get(`${TYPE}.doctor.problem.${key}`)
      ?.replace(/__(\w+)__/g, (_, name: string) => blanks[name] ?? ''),
  );
}

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
  ['a host that speaks something else', 'bind', 'SMPP_PROTOCOL'],
];

describe('The words of the doctor in the form', () => {
  for (const language of LANGUAGES) {
    for (const [name, step, code] of PROBLEMS) {
      it(`are of the editor's language, ${language}, for ${name}`, () => {
        assert.notEqual(words(language, step, code), OWN_WORDS);
      });
    }

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
    assert.equal(words('en-US', 'bind', '0x00000400'), OWN_WORDS);
    assert.equal(words('en-US', undefined, 'SMPP_OPTIONS'), OWN_WORDS);
  });
});
