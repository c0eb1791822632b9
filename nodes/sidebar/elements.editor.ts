/** Elements of the page. What is written into them is text, never markup. */

type Child = Node | string;

const SVG = 'http://www.w3.org/2000/svg';

/** @param name of the class, without the sidebar's prefix; several with blanks between */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (name !== '') made.className = classOf(name);
  made.append(...children);
  return made;
}

export function svg(
  tag: 'svg' | 'path' | 'line',
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
): SVGElement {
  const made = document.createElementNS(SVG, tag);
  if (name !== '') made.setAttribute('class', classOf(name));
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  return made;
}

/** A button as the editor has them, with a name for those who do not see it. */
export function button(
  name: string,
  { icon, text, title }: ButtonFace,
  press: () => void,
): HTMLButtonElement {
  const made = element('button', name);
  made.type = 'button';
  made.classList.add('red-ui-button', 'red-ui-button-small');
  if (icon !== undefined) {
    const mark = document.createElement('i');
    mark.className = `fa fa-${icon}`;
    made.append(mark);
  }
  if (text !== undefined) made.append(icon === undefined ? text : ` ${text}`);
  if (title !== undefined) {
    made.title = title;
    made.setAttribute('aria-label', title);
  }
  made.addEventListener('click', (event) => {
    event.preventDefault();
    press();
  });
  return made;
}

export interface ButtonFace {
  /** Of Font Awesome 4, without `fa-`. */
  readonly icon?: string;
  readonly text?: string;
  readonly title?: string;
}

/** Writes only what differs: a selection and the reading position stay. */
export function write(into: Node, text: string): void {
  if (into.textContent !== text) into.textContent = text;
}

/** Puts exactly these into `parent`, and moves none that stands right. */
export function arrange(parent: Element, wanted: readonly Element[]): void {
  for (const [index, child] of wanted.entries()) {
    const present = parent.children[index];
    if (present !== child) parent.insertBefore(child, present ?? null);
  }
  while (parent.children.length > wanted.length) parent.lastElementChild?.remove();
}

function classOf(name: string): string {
  return name
    .split(' ')
    .map((part) => `inmobile-sidebar-${part}`)
    .join(' ');
}
