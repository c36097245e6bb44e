import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('Makefile');
const makefile = readFileSync(join(checkoutRoot, 'Makefile'), 'utf8').replaceAll('\\\n', ' ');

test('every target that is named has a rule, and says in the list what it does', () => {
  const named = [...makefile.matchAll(/^\.PHONY: (.*)$/gm)].flatMap(([, names = '']) =>
    names.trim().split(/\s+/),
  );
  assert.ok(named.includes('rebuild'));
  const described = new Set([...makefile.matchAll(/^([a-z-]+):.*## /gm)].map(([, name]) => name));
  assert.equal(
    named.filter((name) => !described.has(name) && name !== 'help'),
    [],
  );
});

test('what commands read from the environment reaches them as it was typed', () => {
  const passed = new Set(/^PASSED := (.*)$/m.exec(makefile)?.[1]?.match(/[A-Z_]+/g));
  const read = ['consumers', 'connect-config', 'product-database'].flatMap((workspace) =>
    readdirSync(join(checkoutRoot, workspace, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(^|\/)(cli[\w-]*\.ts$|cli\/)/.test(file))
      .flatMap((file) => {
        const source = readFileSync(join(checkoutRoot, workspace, 'src', file), 'utf8');
        const calls = source.matchAll(/(?:\.env\('|switchOption\([^)]*, ')([A-Z_]+)'\)/g);
        return [...calls].map(([, variable = '']) => variable);
      }),
  );
  assert.ok(read.length > 10 && read.includes('REASON') && read.includes('ALL'), `${read}`);
  assert.equal(
    read.filter((variable) => !passed.has(variable)),
    [],
  );
});

test.run();
