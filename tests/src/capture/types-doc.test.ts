import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { typesDocument } from '../support/types-doc.ts';

test('docs/types.md is what the table of types says: make codegen writes it', () => {
  const document = readFileSync(new URL('../../../docs/types.md', import.meta.url), 'utf8');
  assert.is(document, typesDocument());
});

test.run();
