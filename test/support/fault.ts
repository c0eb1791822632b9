/** A fault in a handler fails the test that is running, as an uncaught exception does. */
export function failingTest(_what: string, error: unknown): never {
  throw error;
}
