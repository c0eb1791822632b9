/** Ids as the gateway gives them out: they look like a UUID and are not hexadecimal throughout (gateway.md). */

/** As in inMobile's own example: whoever reads an id as a number finds out here. */
const BEGINNING = 'ble';

export function makeMessageId(random: () => number): string {
  const digits =
    BEGINNING +
    [0, 1, 2, 3]
      .map(() => eightDigits(random))
      .join('')
      .slice(BEGINNING.length);
  const groups = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20, 32),
  ];
  return groups.join('-');
}

function eightDigits(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
