/** From the parts of an incoming message to an SMS in our words. No I/O; survives any data coding and any octets. */
import type { InboundSms } from '../message.js';
import { decodeText, readDataCoding } from '../text/data-coding.js';
import { joinOctets, type MessagePart, type WholeMessage } from './message-part.js';

/** An unbroken row of parts in one data coding. */
interface Run {
  readonly dataCoding: number;
  readonly last: number;
  readonly bodies: readonly Uint8Array[];
}

/** What stands for a character that could not be decoded. */
const REPLACEMENT = '\ufffd';

/**
 * Reads an SMS; `segments` is the number of parts it was sent in, also when some are missing, and nothing stands
 * in the text for those.
 *
 * Octets of neighbouring parts in one data coding are joined before they are decoded: a UTF-16 pair or an
 * escape pair that was split over two parts is whole again. What is binary, or could not be decoded in full,
 * comes out as `binary` too.
 */
export function readSms({ parts, total }: WholeMessage): Omit<InboundSms, 'inReplyTo'> | undefined {
  const [first] = parts;
  if (first === undefined) return undefined;
  const { from, to, dataCoding } = first.delivery;
  const { encoding, flash } = readDataCoding(dataCoding);
  const text = runsOf(parts).map(textOf).join('');
  const isUndecoded = encoding === 'binary' || text.includes(REPLACEMENT);
  return {
    from,
    to,
    text: encoding === 'binary' ? '' : text,
    encoding,
    dataCoding,
    flash,
    segments: total,
    complete: parts.length === total,
    receivedAt: Math.max(...parts.map(({ receivedAt }) => receivedAt)),
    ...(isUndecoded ? { binary: joinOctets(parts.map(({ body }) => body)).toString('hex') } : {}),
  };
}

function runsOf(parts: readonly (MessagePart & { readonly sequence: number })[]): readonly Run[] {
  const runs: Run[] = [];
  for (const { delivery, body, sequence } of parts) {
    const { dataCoding } = delivery;
    const run = runs.at(-1);
    if (run?.dataCoding === dataCoding && run.last + 1 === sequence) {
      runs[runs.length - 1] = { dataCoding, last: sequence, bodies: [...run.bodies, body] };
    } else runs.push({ dataCoding, last: sequence, bodies: [body] });
  }
  return runs;
}

function textOf({ dataCoding, bodies }: Run): string {
  return decodeText(joinOctets(bodies), readDataCoding(dataCoding).encoding);
}
