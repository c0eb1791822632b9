/**
 * A rejection that nobody handles fails the test that is running, as an uncaught exception does.
 *
 * Loaded by `.mocharc.json` before any test: mocha's own listener passes a rejection on to the others, and
 * without another it is silence.
 */
process.on('unhandledRejection', (reason) => {
  throw reason;
});
