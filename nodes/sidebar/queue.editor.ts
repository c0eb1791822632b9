/**
 * The queue of a connection: its length by priority, and on request its first entries, each with a way to take it
 * out. Entries are asked for only while they are shown.
 */
import type { EpochMs } from '../../lib/clock.js';
import type { GatewayStatus, QueuedSms } from '../../lib/message.js';
import { askCancel, askQueue } from './ask.editor.js';
import { arrange, button, element, write } from './elements.editor.js';
import { duration, say, timeOf } from './say.editor.js';

const COUNTS = ['alarm', 'normal', 'bulk', 'scheduled', 'underWay'] as const;

export interface QueueOptions {
  /** Of the connection node. */
  readonly connection: string;
  readonly mayChange: boolean;
}

export class QueueSection {
  readonly element: HTMLDetailsElement;
  readonly #options: QueueOptions;
  readonly #total = element('b', 'total');
  readonly #counts = COUNTS.map((name) => ({ name, figure: element('b', 'figure') }));
  readonly #notice = element('div', 'notice');
  readonly #list = element('ol', 'entries');
  readonly #rows = new Map<string, EntryRow>();
  #count = 0;
  #told = '';
  #isAsking = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    const counts = this.#counts.map(({ name, figure }) =>
      element('span', `count ${name}`, say(`queue.${name}`), ' ', figure),
    );
    const summary = element('summary', '', say('queue.title'), ' ', this.#total);
    this.element = element('details', 'queue', summary, this.#notice, this.#list);
    summary.append(element('span', 'counts', ...counts));
    this.element.addEventListener('toggle', () => void this.#ask());
  }

  update({ queue }: GatewayStatus): void {
    this.#count = queue.alarm + queue.normal + queue.bulk;
    write(this.#total, String(this.#count));
    for (const { name, figure } of this.#counts) {
      write(figure, String(queue[name]));
      figure.parentElement?.classList.toggle('inmobile-sidebar-zero', queue[name] === 0);
    }
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (!this.element.open || this.#isAsking) return;
    this.#isAsking = true;
    const answer = this.#count === 0 ? { now: 0, entries: [] } : await askQueue(this.#options.connection);
    this.#isAsking = false;
    if (typeof answer === 'string') this.#tell(say(`problem.${answer}`));
    else this.#show(answer.entries, answer.now);
  }

  #show(entries: readonly QueuedSms[], now: EpochMs): void {
    const known = new Map(this.#rows);
    this.#rows.clear();
    for (const entry of entries) {
      const row =
        known.get(entry.id) ?? new EntryRow(entry, this.#options, (text) => write(this.#notice, text));
      row.update(entry, now);
      this.#rows.set(entry.id, row);
    }
    arrange(
      this.#list,
      [...this.#rows.values()].map((row) => row.element),
    );
    const more = this.#count - entries.length;
    this.#list.dataset.more = more > 0 && entries.length > 0 ? say('queue.more', { number: more }) : '';
    this.#tell(this.#count === 0 ? say('queue.empty') : '');
  }

  /** What a look at the queue has to say, until the next one; what was said to a press on a cross stays. */
  #tell(text: string): void {
    if (text !== '' || this.#notice.textContent === this.#told) write(this.#notice, text);
    this.#told = text;
  }
}

class EntryRow {
  readonly element: HTMLElement;
  readonly #state = element('span', 'entry-state');
  readonly #cancel: HTMLButtonElement | undefined;

  constructor(
    { id, to, priority, segments }: QueuedSms,
    options: QueueOptions,
    notice: (text: string) => void,
  ) {
    const number = element('span', 'number', to);
    number.title = say('queue.segments', { number: segments });
    const kind = element('span', `priority ${priority}`, say(`queue.${priority}`));
    this.element = element('li', 'entry', number, kind, this.#state);
    this.element.dataset.sms = id;
    if (!options.mayChange) return;
    this.#cancel = cancelButton(async () => {
      const answer = await askCancel({ connection: options.connection, id });
      notice(typeof answer === 'string' ? say(`problem.${answer}`) : '');
      if (typeof answer !== 'string') this.element.classList.add('inmobile-sidebar-gone');
    });
    this.element.append(this.#cancel);
  }

  update({ state, queuedAt, sendAt, attempts }: QueuedSms, now: EpochMs): void {
    const time =
      state === 'scheduled' && sendAt !== undefined ? timeOf(sendAt, now, 'short') : duration(now - queuedAt);
    write(this.#state, say(`entry.${state}`, { time, attempts }));
    if (this.#cancel !== undefined) this.#cancel.disabled = state === 'underWay';
  }
}

/** The first press asks, the second does it: an alarm is not lost to a slip of the hand. */
function cancelButton(cancel: () => Promise<void>): HTMLButtonElement {
  const title = say('queue.cancel');
  const question = element('span', '', say('queue.sure'));
  let isArmed = false;
  const arm = (isNow: boolean): void => {
    isArmed = isNow;
    made.classList.toggle('inmobile-sidebar-armed', isNow);
    // The name that a screen reader says goes before what the button shows.
    made.setAttribute('aria-label', isNow ? say('queue.sure').trim() : title);
    if (isNow) made.append(question);
    else question.remove();
  };
  const made = button('cancel', { icon: 'times', title }, () => {
    const isSure = isArmed;
    arm(!isSure);
    if (!isSure) return;
    made.disabled = true;
    void cancel();
  });
  made.addEventListener('blur', () => arm(false));
  return made;
}
