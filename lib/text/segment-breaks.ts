/**
 * Where a long text may be cut, and where it is cut: the fewest segments that break nothing in two.
 *
 * Never inside an escape pair, a surrogate pair or a grapheme cluster (what a reader takes for one character:
 * an emoji with its tone of skin, a flag, a letter with its accents). Only a cluster that is longer than a
 * whole segment is cut, between code points.
 *
 * Why filling each segment as far as it goes gives the least number: the places where a cut is allowed are
 * fixed by the text alone. Let the greedy cuts be g1 < g2 < …, and those of any other valid division h1 < h2 <
 * …. g1 ≥ h1, for it is the last allowed place within reach of the start; and if gk ≥ hk, then h(k+1), which
 * is within reach of hk, is behind gk or within reach of gk too, so g(k+1) ≥ h(k+1). Greedy is never behind,
 * so it never needs more.
 * Source: contract 3.4; 3GPP 23.040 §9.2.3.24.1; Unicode Standard Annex 29 (grapheme clusters).
 */
import { isHighSurrogate, isLowSurrogate } from './code-units.js';
import { ESCAPE } from './gsm7.js';

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

/** Clusters are the same in every locale; made once, for that takes as long as cutting ten segments. */
const SEGMENTER = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The last place at or before `limit` where a cut is allowed. */
type LastCut = (limit: number) => number;

/**
 * Cuts encoded GSM7: ends of the segments, in septets.
 *
 * GSM7 has no combining characters, so CR LF is its only cluster of two.
 */
export function cutSeptets(septets: Uint8Array, segmentMax: number): number[] {
  return cut(septets.length, segmentMax, (limit) => {
    const before = septets[limit - 1];
    const isInside = before === ESCAPE || (before === CARRIAGE_RETURN && septets[limit] === LINE_FEED);
    return isInside ? limit - 1 : limit;
  });
}

/** Cuts well-formed text: ends of the segments, in UTF-16 code units. */
export function cutUtf16(text: string, segmentMax: number): number[] {
  let clusters: Intl.Segments | undefined;
  /** Of a cluster that is longer than a segment: to ask for it again at each cut takes the square of its length. */
  let longEnd = 0;
  return cut(text.length, segmentMax, (limit) => {
    if (isPlainBreak(text, limit)) return limit;
    if (isLowSurrogate(text.charCodeAt(limit)) && isPlainBreak(text, limit - 1)) return limit - 1;
    if (limit >= longEnd) {
      clusters ??= SEGMENTER.segment(text);
      const cluster = clusters.containing(limit);
      if (cluster === undefined || cluster.index === limit) return limit;
      if (cluster.segment.length <= segmentMax) return cluster.index;
      longEnd = cluster.index + cluster.segment.length;
    }
    return isInPair(text, limit) ? limit - 1 : limit;
  });
}

function isInPair(text: string, at: number): boolean {
  return isHighSurrogate(text.charCodeAt(at - 1)) && isLowSurrogate(text.charCodeAt(at));
}

function cut(length: number, segmentMax: number, lastCut: LastCut): number[] {
  const ends: number[] = [];
  let start = 0;
  while (length - start > segmentMax) {
    start = lastCut(start + segmentMax);
    ends.push(start);
  }
  ends.push(length);
  return ends;
}

/**
 * Whether a cluster ends before `index` for sure: between two characters that stand alone, or one of those and an emoji.
 */
function isPlainBreak(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  if (standsAlone(before)) return standsAlone(after) || isEmoji(after, text.charCodeAt(index + 1));
  return standsAlone(after) && isLowSurrogate(before) && isEmojiHalf(text.charCodeAt(index - 2));
}

/** The first half of U+1F000 to U+1FBFF, where emoji and the letters of flags are: none joins what follows by itself. */
function isEmojiHalf(unit: number): boolean {
  return unit >= 0xd83c && unit <= 0xd83e;
}

/** Tones of skin lie there too, and join what is before them: U+1F3FB to U+1F3FF. */
function isEmoji(first: number, second: number): boolean {
  return isEmojiHalf(first) && !(first === 0xd83c && second >= 0xdffb);
}

/**
 * Characters that join no neighbour of their own kind, so that most texts are cut without a segmenter: Latin but
 * control characters, Greek and Cyrillic without the combining marks, Chinese ideographs (UAX 29, table 2: all
 * have Grapheme_Cluster_Break = Other).
 */
function standsAlone(unit: number): boolean {
  if (unit < 0x300) return unit >= 0x20;
  return (
    (unit >= 0x370 && unit < 0x483) || (unit >= 0x48a && unit < 0x530) || (unit >= 0x4e00 && unit < 0xa000)
  );
}
