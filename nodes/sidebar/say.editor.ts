/** The sidebar's own texts, and what it makes of instants and durations. */
import type { EpochMs, Millis } from '../../lib/clock.js';
import { say as sayOf } from '../shared/catalogue.editor.js';

/** A sentence of the sidebar's catalogue, with its blanks filled in. */
export function say(key: string, blanks: Readonly<Record<string, string | number>> = {}): string {
  return sayOf('sidebar', key, blanks);
}

/** In the unit that a person would use: `12 s`, `3 min`, `5 h`, `2 d`. */
export function duration(ms: Millis): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return say('duration.seconds', { number: seconds });
  if (seconds < 3_600) return say('duration.minutes', { number: Math.floor(seconds / 60) });
  if (seconds < 48 * 3_600) return say('duration.hours', { number: Math.floor(seconds / 3_600) });
  return say('duration.days', { number: Math.floor(seconds / 86_400) });
}

/** The time of day as the browser writes it, to the minute or the second; the date too unless it is that of `now`. */
export function timeOf(at: EpochMs, now: EpochMs, timeStyle: 'short' | 'medium' = 'medium'): string {
  const then = new Date(at);
  const isToday = then.toDateString() === new Date(now).toDateString();
  return then.toLocaleString([], isToday ? { timeStyle } : { timeStyle, dateStyle: 'short' });
}
