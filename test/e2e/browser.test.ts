/**
 * The editor in a real browser, with the versions of Node-RED that people have.
 *
 * One Node-RED and one browser serve all the topics of a version; each topic is a file of its own.
 */
import { Stage } from './stage.js';
import { DASHBOARD, missing, PACK, ROOT, VERSIONS, type Version } from './installed.js';
import { theDoctor } from './doctor.js';
import { theExamples } from './examples.js';
import { theFlow } from './flow.js';
import { theForms } from './forms.js';
import { theHostileFlow } from './hostile-flow.js';
import { theHostileSms } from './hostile-sms.js';
import { thePalette } from './palette.js';
import { thePicture } from './picture.js';
import { theSidebar } from './sidebar.js';
import { theTheme } from './theme.js';

const TOPICS = [
  theForms,
  theDoctor,
  theFlow,
  theExamples,
  theHostileSms,
  theHostileFlow,
  theSidebar,
  thePicture,
  theTheme,
];
const PACKAGES = { [PACK]: ROOT, '@flowfuse/node-red-dashboard': DASHBOARD };

/** A machine that does other things too starts Node-RED and Chromium within this. */
const TEST_MS = 90_000;

const lacking = missing();

describe('In a browser', function () {
  this.timeout(TEST_MS);
  if (lacking !== undefined) {
    it(`nothing is tested, since there is ${lacking}: see what npm test said at its start`);
    return;
  }
  for (const version of VERSIONS) {
    describe(`with ${version.name}`, () => {
      onStage(version, PACKAGES, TOPICS);
      onStage(version, {}, [thePalette]);
    });
  }
});

type Topic = (stage: () => Stage, version: Version) => void;

/** Lets topics share a Node-RED with these packages, and a browser. */
function onStage(
  version: Version,
  packages: Readonly<Record<string, string>>,
  topics: readonly Topic[],
): void {
  describe(Object.keys(packages).length === 0 ? 'that has nothing of ours' : 'that has the pack', () => {
    let started: Stage | undefined;
    const stage = (): Stage => {
      if (started === undefined) throw new Error('Node-RED or the browser has not started');
      return started;
    };
    before(async () => {
      started = await Stage.start(version, packages);
    });
    after(async () => started?.stop());
    afterEach(async function () {
      if (this.currentTest?.state !== 'passed') await stage().saveEvidence(this.currentTest?.title ?? '');
    });
    for (const topic of topics) topic(stage, version);
  });
}
