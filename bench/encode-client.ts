/** A child process: text to octets and PDUs to octets and back, ours and the npm package's in turn. */
import { encodings, PDU } from 'smpp';
import { built } from './built.js';
import { COMMAND, frame } from './frames.js';
import { receiptText } from './traffic.js';
import { callable } from './worker.js';

const { planText } = built('text/segmenter.js');
const { assemble } = built('text/user-data.js');
const { encodePdu } = built('pdu/encode.js');
const { decodePdu } = built('pdu/decode.js');

const DANISH = 'Vandstanden i kælderen på Ærøvej er over grænsen: 42 cm. Ring til vagten. ';
const EMOJI = 'Vandstand 🌊 høj på Ærøvej 🚨 ';

export interface Pair {
  readonly what: string;
  readonly ownNs: readonly number[];
  /** Absent where the package has nothing of the kind. */
  readonly npmNs: readonly number[];
}

interface Subject {
  readonly what: string;
  readonly own: () => unknown;
  readonly npm: () => unknown;
}

const methods = {
  /** @param turnMs of one subject in one round */
  measure({ rounds, turnMs }: { readonly rounds: number; readonly turnMs: number }): readonly Pair[] {
    const subjects = [...texts(), ...pdus()];
    const pairs = subjects.map(({ what }) => ({ what, ownNs: [] as number[], npmNs: [] as number[] }));
    for (let round = 0; round <= rounds; round++) {
      subjects.forEach(({ own, npm }, at) => {
        const ownNs = nanosecondsOf(own, turnMs);
        const npmNs = nanosecondsOf(npm, turnMs);
        if (round === 0) return; // warms up
        pairs[at]!.ownNs.push(ownNs);
        pairs[at]!.npmNs.push(npmNs);
      });
    }
    return pairs;
  },
};

/** Keeps results alive, so that no work is left out by the compiler. */
let sink: unknown;

function nanosecondsOf(run: () => unknown, turnMs: number): number {
  const startedAt = performance.now();
  let calls = 0;
  let tookMs = 0;
  while (tookMs < turnMs) {
    for (let call = 0; call < 20; call++) sink = run();
    calls += 20;
    tookMs = performance.now() - startedAt;
  }
  return sink === undefined ? NaN : (tookMs / calls) * 1e6;
}

function texts(): Subject[] {
  const subject = (what: string, text: string): Subject => ({
    what,
    own: () =>
      assemble(planText(text, { encoding: 'auto', substitute: true, longMessage: 'udh8' }), 'udh8', 1),
    npm: () => encodedByNpm(text),
  });
  return [
    subject('text, 60 characters, GSM7', DANISH.slice(0, 60)),
    subject('text, 160 characters, GSM7', DANISH.repeat(3).slice(0, 160)),
    subject('text, 918 characters, GSM7, 6 segments', DANISH.repeat(13).slice(0, 918)),
    subject('text, 9 180 characters, GSM7, 60 segments', DANISH.repeat(130).slice(0, 9_180)),
    subject('text, 70 characters, UTF-16', EMOJI.repeat(3).slice(0, 69)),
    subject('text, 1 000 characters, UTF-16, 15 segments', EMOJI.repeat(40).slice(0, 1_000)),
    subject('text, 10 000 characters, UTF-16, 150 segments', EMOJI.repeat(360).slice(0, 10_000)),
  ];
}

/** It has no segmentation: it encodes the whole, and only after it was asked whether the text is GSM7. */
function encodedByNpm(text: string): unknown {
  const { ASCII, UCS2 } = encodings as typeof encodings & { readonly UCS2: { encode(text: string): Buffer } };
  return ASCII.match(text) ? ASCII.encode(text) : UCS2.encode(text);
}

function pdus(): Subject[] {
  const fields = {
    sequence_number: 7,
    source_addr_ton: 5,
    source_addr_npi: 0,
    source_addr: 'Bench',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: '4520300000',
    esm_class: 0,
    priority_flag: 0,
    validity_period: '000001000000000R',
    registered_delivery: 1,
    data_coding: 0,
  };
  const octets = encodings.ASCII.encode(DANISH.slice(0, 60));
  const text = Buffer.from(receiptText('00000000'), 'latin1');
  const head = Buffer.from('\0\x01\x014520300000\0\x05\0Bench\0\x04\0\0\0\0\0\0\0\0', 'latin1');
  const receipt = frame(COMMAND.deliver_sm, Buffer.concat([head, Buffer.from([text.length]), text]));
  receipt.writeUInt32BE(7, 12);
  return [
    {
      what: 'submit_sm to octets, text encoded before',
      own: () => encodePdu({ command: 'submit_sm', ...fields, short_message: octets }),
      npm: () => new PDU('submit_sm', { ...fields, short_message: octets }).toBuffer(),
    },
    { what: 'deliver_sm from octets, a receipt', own: () => decodePdu(receipt), npm: () => new PDU(receipt) },
  ];
}

export type EncodeClient = typeof methods;

callable(methods);
