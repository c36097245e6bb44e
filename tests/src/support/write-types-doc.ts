import { writeFileSync } from 'node:fs';
import { typesDocument } from './types-doc.ts';

writeFileSync(new URL('../../../docs/types.md', import.meta.url), typesDocument());
