import assert from 'node:assert/strict';
import {
  hostsProblem,
  passwordProblem,
  pinsProblem,
  systemIdProblem,
} from '../../../nodes/inmobile-connection/checks.editor.js';
import { passwordTarget, STORED } from '../../../nodes/inmobile-connection/password-target.js';

describe('The form of inmobile-connection', () => {
  it('accepts hosts that the runtime reads', () => {
    assert.equal(hostsProblem('a.example:2775\nb.example'), undefined);
  });

  it('points out hosts that the runtime would refuse', () => {
    assert.equal(hostsProblem('a.example:port'), 'hosts');
  });

  it('accepts the SHA-256 of keys in base64', () => {
    assert.equal(pinsProblem(`${'A'.repeat(43)}=\n${'b'.repeat(43)}=`), undefined);
  });

  it('points out a pin that is something else', () => {
    assert.equal(pinsProblem('AA:BB:CC'), 'pins');
  });

  it('sees another place for the password in other hosts', () => {
    assert.notEqual(passwordTarget('custom', 'a.example', ''), passwordTarget('custom', 'b.example', ''));
  });

  it('sees another place for the password in another TLS configuration', () => {
    assert.notEqual(passwordTarget('inmobile', '', ''), passwordTarget('inmobile', '', 'tls'));
  });

  it('does not mind hosts that are not used', () => {
    assert.equal(passwordTarget('inmobile', 'a.example', ''), passwordTarget('inmobile', 'b.example', ''));
  });

  it('asks for the account, but not for the simulator', () => {
    assert.deepEqual(
      [systemIdProblem('', 'inmobile'), systemIdProblem('', 'simulator')],
      ['systemId', undefined],
    );
    assert.deepEqual(
      [passwordProblem('', 'custom'), passwordProblem('', 'simulator')],
      ['password', undefined],
    );
  });

  it('says what is too long for SMPP', () => {
    assert.deepEqual(systemIdProblem('s'.repeat(16), 'inmobile'), ['tooLong', { length: 16, max: 15 }]);
    assert.deepEqual(passwordProblem('ninechars', 'inmobile'), ['tooLong', { length: 9, max: 8 }]);
  });

  it('takes an account that fits, and a password that is stored', () => {
    assert.equal(systemIdProblem('demo', 'inmobile'), undefined);
    assert.deepEqual(
      [passwordProblem('secret', 'custom'), passwordProblem(STORED, 'custom')],
      [undefined, undefined],
    );
  });
});
