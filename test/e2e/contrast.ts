/** How well a text can be told from what it stands on, as the browser draws both. */
import type { Locator } from 'playwright-core';

/** What is used of the browser's elements. */
interface PageElement {
  readonly parentElement: PageElement | null;
}

declare const getComputedStyle: (element: PageElement) => {
  readonly color: string;
  readonly backgroundColor: string;
};

type Colour = readonly [red: number, green: number, blue: number, opacity: number];

/**
 * The contrast ratio of a text, from 1 to 21, in the sense of WCAG 2.1.
 *
 * What is behind is taken from the next element outwards that covers what is behind it.
 */
export async function contrastOf(place: Locator): Promise<number> {
  const colours = await place.evaluate((element: PageElement) => {
    const found = [getComputedStyle(element).color];
    for (let each: PageElement | null = element; each !== null; each = each.parentElement)
      found.push(getComputedStyle(each).backgroundColor);
    return found;
  });
  const [text, ...behind] = colours.map(read);
  const background = behind.find(([, , , opacity]) => opacity === 1) ?? WHITE;
  const [darker = 0, lighter = 0] = [luminance(text ?? WHITE), luminance(background)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** A page that colours nothing. */
const WHITE: Colour = [255, 255, 255, 1];

/** Browsers compute `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.4)`. */
function read(colour: string): Colour {
  const [red = 0, green = 0, blue = 0, opacity = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue, opacity];
}

/** WCAG 2.1, relative luminance. */
function luminance([red, green, blue]: Colour): number {
  const [r = 0, g = 0, b = 0] = [red, green, blue].map((value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
