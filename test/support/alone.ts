/** A measurement in a process of its own: the heap of the one that runs the tests has what every suite left in it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a module that takes its task from a message, and answers with one.
 *
 * @throws Error when it ends without an answer
 */
export async function measuredAlone<Measured>(file: string, task: unknown): Promise<Measured> {
  const child = fork(file, {
    execArgv: ['--import', 'tsx', '--expose-gc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code}`);
  });
  try {
    child.send(task as object);
    const [measured] = (await Promise.race([once(child, 'message'), ended])) as [Measured];
    return measured;
  } finally {
    ended.catch(() => undefined);
    child.kill('SIGKILL');
  }
}
