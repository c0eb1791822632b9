/** From the parts of an incoming message to an SMS in our words. No I/O; survives any data coding and any octets. */
import type { InboundEncoding, InboundSms } from '../message.js';
import { decodeText, readDataCoding } from '../text/data-coding.js';
import { joinOctets, type MessagePart, type WholeMessage } from './message-part.js';

type Part = WholeMessage['parts'][number];

/** An unbroken row of parts in one encoding, which are decoded as one. */
interface Run {
  readonly encoding: InboundEncoding;
  readonly bodies: Uint8Array[];
  /** Of all bodies. */
  length: number;
  /** Sequence of the last part. */
  last: number;
}

/** What stands for a character that could not be decoded. */
const REPLACEMENT = '\ufffd';

/** In big-endian and in little-endian order. */
const BIG_ENDIAN_MARK = 0xfeff;
const LITTLE_ENDIAN_MARK = 0xfffe;
const LITTLE_ENDIAN_OCTETS = Uint8Array.of(0xff, 0xfe);

/** Of the encodings in a message, which one says all of it: any content is octets, and any text UTF-16. */
const WIDEST_FIRST: readonly InboundEncoding[] = ['binary', 'ucs2'];

/**
 * Reads an SMS; `segments` is the number of parts it was sent in, also when some are missing, and nothing stands
 * in the text for those.
 *
 * Octets of neighbouring parts in one encoding are joined before they are decoded, whatever their classes: a UTF-16
 * pair or an escape pair that was split over two parts is whole again.
 *
 * Where the parts disagree nothing is lost. `text` is that of all parts that are text, so that a keyword is found
 * although a picture follows it. `binary` has the octets of all parts, in order, when one of them is binary or could not
 * be decoded in full. `encoding` is `binary` when one of them is, so that whoever asks for it does not take the text for
 * the whole.
 */
export function readSms({ parts, total }: WholeMessage): Omit<InboundSms, 'inReplyTo'> | undefined {
  const leading = leadingOf(parts);
  if (leading === undefined) return undefined;
  const { from, to, dataCoding } = leading.delivery;
  const { encoding, flash } = readDataCoding(dataCoding);
  const text = textOf(runsOf(parts));
  const isAllText = encoding !== 'binary' && !text.includes(REPLACEMENT) && !parts.some(isByNationalTable);
  return {
    from,
    to,
    text,
    encoding,
    dataCoding,
    flash,
    segments: total,
    complete: parts.length === total,
    receivedAt: Math.max(...parts.map(({ receivedAt }) => receivedAt)),
    ...(isAllText ? {} : { binary: joinOctets(parts.map(({ body }) => body)).toString('hex') }),
  };
}

/** The part that says of which encoding the message is. */
function leadingOf(parts: readonly Part[]): Part | undefined {
  for (const encoding of WIDEST_FIRST) {
    const part = parts.find((each) => encodingOf(each) === encoding);
    if (part !== undefined) return part;
  }
  return parts[0];
}

function runsOf(parts: readonly Part[]): readonly Run[] {
  const runs: Run[] = [];
  for (const part of parts) {
    const { body, sequence } = part;
    const encoding = encodingOf(part);
    const run = runs.at(-1);
    if (run?.encoding === encoding && run.last + 1 === sequence && !beginsAnew(run, body)) {
      run.bodies.push(body);
      run.length += body.length;
      run.last = sequence;
    } else runs.push({ encoding, bodies: [body], length: body.length, last: sequence });
  }
  return runs;
}

/** Some write a byte order mark into each part. In the middle of a character its octets are none. */
function beginsAnew({ encoding, length }: Run, body: Uint8Array): boolean {
  return encoding === 'ucs2' && length % 2 === 0 && markOf(body) !== undefined;
}

function textOf(runs: readonly Run[]): string {
  let text = '';
  let order = BIG_ENDIAN_MARK;
  for (const { encoding, bodies } of runs) {
    const octets = joinOctets(bodies);
    const mark = encoding === 'ucs2' ? markOf(octets) : undefined;
    order = mark ?? order;
    // What follows a mark is in its order, also behind a missing part, or one in another encoding.
    const isUnmarked = encoding === 'ucs2' && mark === undefined && order === LITTLE_ENDIAN_MARK;
    text += decodeText(isUnmarked ? joinOctets([LITTLE_ENDIAN_OCTETS, octets]) : octets, encoding);
  }
  return text;
}

function markOf(octets: Uint8Array): number | undefined {
  const first = ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
  return first === BIG_ENDIAN_MARK || first === LITTLE_ENDIAN_MARK ? first : undefined;
}

function encodingOf({ delivery }: MessagePart): InboundEncoding {
  return readDataCoding(delivery.dataCoding).encoding;
}

function isByNationalTable(part: MessagePart): boolean {
  return part.hasNationalTable === true && encodingOf(part) === 'gsm7';
}
