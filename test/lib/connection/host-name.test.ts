import assert from 'node:assert/strict';

import { nameHosts } from '../../../lib/connection/host-name.js';

const names = (...hosts: (readonly [string, number])[]) =>
  nameHosts(hosts.map(([host, port]) => ({ host, port }))).map(({ name }) => name);

describe('nameHosts', () => {
  it("shortens inMobile's own hosts", () => {
    assert.deepEqual(names(['smpp-dk1.inmobile.dk', 2775], ['smpp-dk2.inmobile.dk', 2775]), ['dk1', 'dk2']);
  });

  it('leaves other hosts as they are', () => {
    assert.deepEqual(names(['smpp.example.com', 2775], ['::1', 2776]), ['smpp.example.com', '::1']);
  });

  it('tells entries with one host apart by their port', () => {
    assert.deepEqual(names(['127.0.0.1', 2775], ['127.0.0.1', 2776]), ['127.0.0.1:2775', '127.0.0.1:2776']);
  });
});
