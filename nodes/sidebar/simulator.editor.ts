/** What may be done to a simulated gateway: restart or silence a host, throttle, send an SMS to us. */
import { askSimulator } from './ask.editor.js';
import { button, element, write } from './elements.editor.js';
import type { SimulatorAction, SimulatorView } from './overview.js';
import { say } from './say.editor.js';

export class SimulatorSection {
  readonly element: HTMLDetailsElement;
  readonly #connection: string;
  readonly #changed: () => void;
  readonly #notice = element('div', 'notice');
  readonly #hosts = element('div', 'hosts');
  readonly #rows = new Map<string, HostRow>();
  readonly #throttle: HTMLInputElement;

  /** @param changed something was done: look again */
  constructor(connection: string, changed: () => void) {
    this.#connection = connection;
    this.#changed = changed;
    this.#throttle = element('input', 'throttle');
    this.#throttle.type = 'checkbox';
    this.#throttle.addEventListener('change', () => {
      void this.#do({ action: 'throttle', isOn: this.#throttle.checked });
    });
    this.element = element(
      'details',
      'simulator',
      element('summary', '', say('simulator.title')),
      this.#hosts,
      element('label', 'throttle-label', this.#throttle, ' ', say('simulator.throttle')),
      this.#incomingForm(),
      this.#notice,
    );
  }

  update({ hosts, throttledTo }: SimulatorView): void {
    for (const host of hosts) {
      const row = this.#rows.get(host.name) ?? this.#addHost(host.name);
      row.update(host);
    }
    this.#throttle.checked = throttledTo > 0;
  }

  #addHost(name: string): HostRow {
    const row = new HostRow(name, (action) => void this.#do({ action, host: name }));
    this.#rows.set(name, row);
    this.#hosts.append(row.element);
    return row;
  }

  #incomingForm(): HTMLElement {
    const from = field('from', '4522334455');
    const to = field('to', '4512345678');
    const text = field('text', '');
    const send = button('send-incoming', { icon: 'commenting-o', text: say('simulator.incoming') }, () => {
      void this.#do({ action: 'incoming', from: from.value, to: to.value, text: text.value });
    });
    return element('div', 'incoming-form', from, to, text, send);
  }

  async #do(action: SimulatorAction): Promise<void> {
    const answer = await askSimulator({ connection: this.#connection, ...action });
    if (typeof answer === 'string') write(this.#notice, say(`problem.${answer}`));
    // What the others have done is to be seen at the host.
    else write(this.#notice, action.action === 'incoming' ? say('simulator.sent') : '');
    this.#changed();
  }
}

class HostRow {
  readonly element: HTMLElement;
  readonly #restart: HTMLButtonElement;
  readonly #blackhole: HTMLButtonElement;
  readonly #state = element('span', 'host-state');

  constructor(name: string, act: (action: 'restart' | 'blackhole') => void) {
    this.#restart = button('restart', { icon: 'refresh', text: say('simulator.restart') }, () =>
      act('restart'),
    );
    this.#blackhole = button('blackhole', { icon: 'circle', text: say('simulator.blackhole') }, () =>
      act('blackhole'),
    );
    this.#restart.title = say('simulator.restartTip');
    this.#blackhole.title = say('simulator.blackholeTip');
    // Of several hosts, a screen reader would say the same.
    this.#restart.setAttribute('aria-label', `${say('simulator.restart')} ${name}`);
    this.#blackhole.setAttribute('aria-label', `${say('simulator.blackhole')} ${name}`);
    this.element = element(
      'div',
      'host',
      element('b', '', name),
      this.#restart,
      this.#blackhole,
      this.#state,
    );
    this.element.dataset.host = name;
  }

  update({ isRestarting, isSilent }: SimulatorView['hosts'][number]): void {
    this.#restart.disabled = isRestarting;
    this.#blackhole.disabled = isSilent;
    const states = [isRestarting ? say('simulator.restarting') : '', isSilent ? say('simulator.silent') : ''];
    write(this.#state, states.filter((state) => state !== '').join(', '));
  }
}

function field(name: 'from' | 'to' | 'text', value: string): HTMLInputElement {
  const made = element('input', `incoming-${name}`);
  made.type = 'text';
  made.value = value;
  made.placeholder = say(`simulator.${name}`);
  made.title = say(`simulator.${name}`);
  made.setAttribute('aria-label', say(`simulator.${name}`));
  return made;
}
