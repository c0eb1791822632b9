/**
 * A child process: our own codec, session and driver without the gateway around them. Texts are encoded, answers
 * matched, deadlines kept; nothing is queued, stored, retried or reported.
 */
import { built } from './built.js';
import type { SubmitRun } from './client.js';
import type { Segment } from '../lib/message.js';
import { connectTo, LOGIN } from './target.js';
import { RECIPIENTS, SENDER, stretch, TEXTS, type Stretch } from './traffic.js';
import { callable } from './worker.js';

const { SessionDriver } = built('connection/session-driver.js');
const { systemClock } = built('clock.js');
const { DEFAULT_TIMERS } = built('timers.js');
const { planText } = built('text/segmenter.js');

const methods = {
  async submit({ target, window, forMs }: SubmitRun): Promise<Stretch> {
    const transport = await connectTo(target);
    let sent = 0;
    let answered = 0;
    let until = Infinity;
    let drained = (): void => undefined;
    const settle = (): void => {
      answered += 1;
      if (answered === sent && performance.now() >= until) drained();
    };
    const fill = (): void => {
      if (performance.now() >= until) {
        if (answered === sent) drained(); // the last answer came just before
        return;
      }
      const segments: Segment[] = [];
      for (let free = driver.capacity; free > 0; free--) segments.push(segment(sent++));
      driver.submit(segments, settle);
    };
    const nothing = (): void => undefined;
    let isBound = nothing;
    const binding = new Promise<void>((resolve) => (isBound = resolve));
    const driver = new SessionDriver(
      {
        host: target.host,
        transport,
        session: {
          bind: 'transceiver',
          system_id: LOGIN.systemId,
          password: LOGIN.password,
          system_type: '',
          window,
          shortSender: { ton: 3, npi: 0 },
          timers: DEFAULT_TIMERS,
        },
        clock: systemClock,
        onFault: nothing,
      },
      {
        bound: isBound,
        ready: fill,
        leaving: nothing,
        delivery: nothing,
        answersRead: nothing,
        ignored: nothing,
        closed: nothing,
      },
    );
    driver.start();
    await binding;
    const measured = stretch();
    until = performance.now() + forMs;
    await new Promise<void>((resolve) => {
      drained = resolve;
      fill();
    });
    const result = measured(answered);
    driver.destroy();
    return result;
  },
};

function segment(index: number): Segment {
  const { segments } = planText(TEXTS[index % TEXTS.length]!, {
    encoding: 'auto',
    substitute: true,
    longMessage: 'udh8',
  });
  return {
    to: RECIPIENTS[index % RECIPIENTS.length]!,
    from: SENDER,
    octets: segments[0]!,
    dataCoding: 0,
    hasUserDataHeader: false,
    asPayload: false,
    receipt: 'always',
    validityMs: 86_400_000,
    urgent: false,
  };
}

export type SessionClient = typeof methods;

callable(methods);
