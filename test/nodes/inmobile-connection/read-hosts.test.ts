import assert from 'node:assert/strict';
import { readHosts } from '../../../nodes/inmobile-connection/read-hosts.js';

describe('readHosts', () => {
  const read: [string, string[]][] = [
    ['smpp.example.com', ['smpp.example.com 2775']],
    ['a.example:2776\nb.example:2777', ['a.example 2776', 'b.example 2777']],
    ['a.example:1 , b.example:65535,', ['a.example 1', 'b.example 65535']],
    ['[2001:db8::1]:2775', ['2001:db8::1 2775']],
    ['[::1]', ['::1 2775']],
    ['127.0.0.1:2775', ['127.0.0.1 2775']],
    ['a.example\r\nA.example', ['A.example 2775']],
  ];
  for (const [text, hosts] of read) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(
        readHosts(text).map(({ host, port }) => `${host} ${port}`),
        hosts,
      );
    });
  }

  const refused: [text: string, names: string][] = [
    ['', 'at least one'],
    ['a.example:0', '"a.example:0"'],
    ['a.example:65536', '"a.example:65536"'],
    ['a.example:port', '"a.example:port"'],
    ['a.example:', '"a.example:"'],
    ['2001:db8::1', '"2001:db8::1"'],
    ['smpp://a.example', '"smpp://a.example"'],
    ['good.example, bad host', '"bad host"'],
    ['[::1]x', '"[::1]x"'],
  ];
  for (const [text, names] of refused) {
    it(`refuses ${JSON.stringify(text)}, naming the entry`, () => {
      assert.throws(
        () => readHosts(text),
        (error: Error & { code?: string; field?: string }) =>
          error.code === 'SMPP_OPTIONS' && error.field === 'hosts' && error.message.includes(names),
      );
    });
  }
});
