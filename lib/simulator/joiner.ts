/**
 * Joins the parts of long messages as they are submitted.
 *
 * *Assumed* of the gateway: parts belong together that came over one session with one reference, sender and
 * recipient, in any order. Codes 300 and 301 (gateway.md) say that it joins, not how.
 */
import type { Millis } from '../clock.js';
import type { AcceptedSegment } from './accepted-sms.js';
import type { Schedule } from './schedule.js';

/** What became of a set of parts. */
export interface Joined {
  /** `incomplete`: receipts with err 300 · `invalid`: receipts with err 301. */
  readonly kind: 'whole' | 'incomplete' | 'invalid';
  /** One for each number, in order. */
  readonly segments: readonly AcceptedSegment[];
  /** What came besides: the same part again, or the one that does not fit. */
  readonly others: readonly AcceptedSegment[];
}

interface OpenSet {
  readonly key: string;
  readonly total: number;
  readonly bySequence: Map<number, AcceptedSegment>;
  readonly repeated: AcceptedSegment[];
  readonly cancelWait: () => void;
}

/** More sets than this are not kept open: the oldest counts as incomplete. */
const OPEN_SETS_MAX = 10_000;

export class Joiner {
  readonly #schedule: Schedule;
  readonly #waitMs: Millis;
  readonly #joined: (joined: Joined) => void;
  readonly #open = new Map<string, OpenSet>();

  /** @param waitMs how long a set waits for its missing parts */
  constructor(schedule: Schedule, waitMs: Millis, joined: (joined: Joined) => void) {
    this.#schedule = schedule;
    this.#waitMs = waitMs;
    this.#joined = joined;
  }

  /** Takes one accepted segment; calls `joined` at once for an SMS of one segment. */
  add(segment: AcceptedSegment): void {
    const { concatenation } = segment;
    if (concatenation === undefined) {
      this.#joined({ kind: 'whole', segments: [segment], others: [] });
      return;
    }
    const { total, sequence } = concatenation;
    if (sequence === 0 || sequence > total) {
      this.#joined({ kind: 'invalid', segments: [], others: [segment] });
      return;
    }
    const set = this.#setOf(segment, total);
    const earlier = set.bySequence.get(sequence);
    if (set.total !== total || (earlier !== undefined && !earlier.octets.equals(segment.octets))) {
      this.#finish(set, 'invalid', [segment]);
      return;
    }
    if (earlier === undefined) set.bySequence.set(sequence, segment);
    else set.repeated.push(segment);
    if (set.bySequence.size === total) this.#finish(set, 'whole');
  }

  #setOf(segment: AcceptedSegment, total: number): OpenSet {
    const { by, reference } = segment.concatenation ?? {};
    const key = [segment.session, segment.from, segment.to, by, reference].join('\n');
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#open.size >= OPEN_SETS_MAX ? this.#open.values() : [];
    if (oldest !== undefined) this.#finish(oldest, 'incomplete');
    const cancelWait = this.#schedule.after(this.#waitMs, () => this.#finish(set, 'incomplete'));
    const set: OpenSet = { key, total, bySequence: new Map(), repeated: [], cancelWait };
    this.#open.set(key, set);
    return set;
  }

  #finish(set: OpenSet, kind: Joined['kind'], others: readonly AcceptedSegment[] = []): void {
    set.cancelWait();
    this.#open.delete(set.key);
    const inOrder = [...set.bySequence].sort(([a], [b]) => a - b).map(([, segment]) => segment);
    this.#joined({ kind, segments: inOrder, others: [...set.repeated, ...others] });
  }
}
