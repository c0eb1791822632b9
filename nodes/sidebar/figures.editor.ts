/** Figures as the sidebar writes them; pure. */
import type { GatewayStatus } from '../../lib/message.js';

/** Per second: one decimal where it says something. */
export function rateText(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}

/**
 * Delivered of accepted SMS in percent, rounded down: 100 % is all of them. Undefined while nothing is accepted;
 * receipts of an earlier run's SMS cannot make it more than 100.
 */
export function deliveryPercent({
  accepted,
  delivered,
}: Pick<GatewayStatus['counters'], 'accepted' | 'delivered'>): number | undefined {
  return accepted === 0 ? undefined : Math.min(100, Math.floor((100 * delivered) / accepted));
}

/** The top of a scale that holds `value`: 1, 2 or 5 times a power of ten, and not below 1. */
export function scaleTop(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

/** The points of a line over the whole width, as an SVG path. */
export function linePath(values: readonly number[], { width, height, top }: Frame): string {
  const step = width / Math.max(1, values.length - 1);
  return values
    .map((value, index) => {
      const x = round(index * step);
      const y = round(height - (Math.min(value, top) / top) * height);
      return `${index === 0 ? 'M' : 'L'}${x} ${y}`;
    })
    .join('');
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** The value at the upper edge. */
  readonly top: number;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
