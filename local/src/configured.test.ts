import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configuredVariables } from './configured.ts';

const test = suite('configured variables');
const folder = `${mkdtempSync(join(tmpdir(), 'shelfcast-configured-'))}/`;

test.after(() => rmSync(folder, { recursive: true }));

test('what .env and .env.example name is taken from the environment, and nothing else', () => {
  writeFileSync(
    join(folder, '.env.example'),
    '# Who may call.\n#API_TOKENS=\nLOG_LEVEL=info\n#JAVA_HOME=/jdk\n',
  );
  writeFileSync(join(folder, '.env'), 'OIDC_ISSUER=https://issuer.example\n');

  const env = {
    API_TOKENS: 'a',
    LOG_LEVEL: ' ',
    OIDC_ISSUER: 'https://other',
    HOME: '/root',
    JAVA_HOME: '/jdk',
  };
  assert.equal(configuredVariables(env, folder), {
    API_TOKENS: 'a',
    OIDC_ISSUER: 'https://other',
  });
});

test.run();
