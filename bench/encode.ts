/** Text to segments and PDUs to octets: ours, with segmentation, against the npm package's encoder, without. */
import type { Effort } from './effort.js';
import type { EncodeClient } from './encode-client.js';
import { show, showSpread, spreadOf } from './figures.js';
import type { Report } from './report.js';
import { Worker } from './worker.js';

export async function encode({ rounds, stretchMs }: Effort): Promise<Report> {
  const client = new Worker<EncodeClient>('encode-client');
  const pairs = await client.call('measure', { rounds, turnMs: stretchMs / 15 });
  await client.end();
  const found = pairs.map(({ what, ownNs, npmNs }) => ({
    what,
    ownNs: spreadOf(ownNs),
    npmNs: spreadOf(npmNs),
    times: spreadOf(ownNs.map((ns, at) => npmNs[at]! / ns)),
  }));
  return {
    title: 'Encoding',
    note: 'Nanoseconds. Ours chooses the encoding, splits and adds headers; the npm package encodes the whole text.',
    columns: ['', 'ours ns', 'npm smpp ns', 'npm / ours'],
    rows: found.map(({ what, ownNs, npmNs, times }) => [
      what,
      showSpread(ownNs),
      showSpread(npmNs),
      `${show(times.median)} ×`,
    ]),
    data: found,
  };
}
