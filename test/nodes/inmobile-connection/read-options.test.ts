import assert from 'node:assert/strict';
import type { ConnectionCredentials, ConnectionForm } from '../../../nodes/inmobile-connection/form.js';
import { readOptions, type ConnectionSettings } from '../../../nodes/inmobile-connection/read-options.js';

const ACCOUNT: ConnectionCredentials = { systemId: 'demo', password: 'secret' };
const ENVIRONMENT: Readonly<Record<string, string>> = {
  GATEWAY: 'custom',
  HOST: 'a.example',
  WINDOW: '20',
  USER: 'account',
  PASSWORD: 'hidden',
  TOO_LONG: 'ninechars',
};

function read(form: ConnectionForm, credentials: ConnectionCredentials = ACCOUNT): ConnectionSettings {
  return readOptions(form, credentials, {
    environment: (name) => ENVIRONMENT[name],
    directory: '/data/inmobile-smpp/id',
    tlsFiles: undefined,
  });
}

describe('readOptions', () => {
  it('has a default for every property', () => {
    assert.deepEqual(read({}), {
      isSimulated: false,
      sms: { sender: undefined, defaultCountry: 'DK' },
      note: { file: '/data/inmobile-smpp/id.json', base: '/data' },
      options: {
        hosts: [
          { host: 'smpp-dk1.inmobile.dk', port: 2775 },
          { host: 'smpp-dk2.inmobile.dk', port: 2775 },
        ],
        systemId: 'demo',
        password: 'secret',
        connectionMode: 'transceiver',
        links: 'failover',
        onUncertain: 'resend',
        storage: { kind: 'disk', directory: '/data/inmobile-smpp/id' },
        tls: {},
      },
    });
  });

  it('notes the folders of what is simulated apart', () => {
    assert.equal(read({ gateway: 'simulator' }).note?.file, '/data/inmobile-smpp/id.simulated.json');
  });

  it('takes numbers as text and as numbers', () => {
    const { options } = read({ window: '20', segmentsPerSecond: 5 });
    assert.deepEqual([options.window, options.segmentsPerSecond], [20, 5]);
  });

  it('takes the type of short senders as TON/NPI, and leaves an empty one to the client', () => {
    const chosen = ['0/1', ' 6 / 18 ', ''].map((shortSender) => read({ shortSender }).options.shortSender);
    assert.deepEqual(chosen, [{ ton: 0, npi: 1 }, { ton: 6, npi: 18 }, undefined]);
  });

  it('takes pins one a line or comma', () => {
    const { options } = read({ pins: 'one\n two,three ', pinMode: 'enforce' });
    assert.deepEqual(options.tls, { pins: ['one', 'two', 'three'], pinMode: 'enforce' });
  });

  it('takes numbers as they are when the country is empty', () => {
    assert.equal(read({ defaultCountry: '' }).sms.defaultCountry, undefined);
  });

  it('takes a sender, as the gateway reads it', () => {
    const senders = [' Pump 3 ', '+45 12 34 56 78', 4512345678, ''].map(
      (sender) => read({ sender }).sms.sender,
    );
    assert.deepEqual(senders, ['Pump 3', '4512345678', '4512345678', undefined]);
  });

  it('needs no account for the simulator', () => {
    assert.equal(read({ gateway: 'simulator' }, {}).isSimulated, true);
  });

  it('keeps what is queued for the simulator apart from what is queued for phones', () => {
    const directory = (gateway: string): unknown =>
      read({ gateway, storageDirectory: '/sms' }).options.storage;
    assert.notDeepEqual(directory('simulator'), directory('inmobile'));
  });

  it('replaces environment values in every field', () => {
    const form = { gateway: '${GATEWAY}', hosts: '${HOST}:2776', window: '${WINDOW}' };
    const { options } = read(form, { systemId: '${USER}', password: '${PASSWORD}' });
    assert.deepEqual(
      [options.hosts, options.window, options.systemId, options.password],
      [[{ host: 'a.example', port: 2776 }], 20, 'account', 'hidden'],
    );
  });

  it('takes a password that merely looks like a variable as it is', () => {
    assert.equal(read({}, { systemId: 'demo', password: 'a${b}c' }).options.password, 'a${b}c');
  });

  const wrong: [name: string, field: string, form: ConnectionForm, credentials?: ConnectionCredentials][] = [
    ['an unknown gateway', 'gateway', { gateway: 'other' }],
    ['no hosts', 'hosts', { gateway: 'custom' }],
    ['a window of 0', 'window', { window: '0' }],
    ['a window that is no number', 'window', { window: 'ten' }],
    ['a type of number that SMPP has not', 'shortSender', { shortSender: '7/0' }],
    ['a type of number alone', 'shortSender', { shortSender: '3' }],
    ['half a segment', 'segmentsPerSecond', { segmentsPerSecond: '0.5' }],
    ['an unknown connection mode', 'connectionMode', { connectionMode: 'both' }],
    ['an unknown storage', 'storage', { storage: 'tape' }],
    ['cluster storage', 'storage', { storage: 'cluster' }],
    ['an object', 'hosts', { gateway: 'custom', hosts: {} }],
    ['a sender that is too long', 'sender', { sender: 'Twelve chars' }],
    ['a sender of another alphabet', 'sender', { sender: 'Ærø' }],
    ['an unknown country', 'defaultCountry', { defaultCountry: 'XX' }],
    ['a TLS configuration that is missing', 'tls', { tls: 'gone' }],
    ['no system id', 'systemId', {}, { password: 'secret' }],
    ['a long system id', 'systemId', {}, { systemId: 'x'.repeat(16), password: 'secret' }],
    ['no password', 'password', {}, { systemId: 'demo' }],
    ['a password of 9 characters', 'password', {}, { systemId: 'demo', password: 'ninechars' }],
    ['a variable without a value', 'hosts', { gateway: 'custom', hosts: '${NOT_SET}' }],
    [
      'a password in a variable that is too long',
      'password',
      {},
      { systemId: 'demo', password: '${TOO_LONG}' },
    ],
  ];
  for (const [name, field, form, credentials] of wrong) {
    it(`refuses ${name}, naming ${field}`, () => {
      assert.throws(() => read(form, credentials), { code: 'SMPP_OPTIONS', field });
    });
  }

  it('names the variable that has no value', () => {
    assert.throws(() => read({}, { systemId: 'demo', password: '${NOT_SET}' }), /NOT_SET/);
  });

  it('never quotes a password', () => {
    assert.throws(
      () => read({}, { systemId: 'demo', password: 'ninechars' }),
      ({ message }: Error) => !message.includes('ninechars'),
    );
  });

  it('has nowhere to store without a folder', () => {
    const surroundings = { environment: () => undefined, directory: undefined, tlsFiles: undefined };
    assert.throws(() => readOptions({}, ACCOUNT, surroundings), {
      code: 'SMPP_OPTIONS',
      field: 'storageDirectory',
    });
  });
});
