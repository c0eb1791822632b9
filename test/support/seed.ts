/**
 * What every test that draws its cases draws them from. The same in every run, so that a run fails for what was changed
 * and not for what was drawn; `SMPP_TEST_SEED=17 npm test` draws others.
 *
 * Loaded by `.mocharc.json` before any test.
 */
import fc from 'fast-check';

export const SEED = Number(process.env.SMPP_TEST_SEED ?? 1);

fc.configureGlobal({ seed: SEED });
