import { manualEntities } from '@shelfcast/schemas/manual';
import { z } from 'zod';
import type { SharedEntity, SharedFields } from './runtime/shared-fields/merge.ts';

/**
 * Fields that manual events may change on keys the database owns: `products.price,products.stock_quantity`; none by
 * default. Only a column that some manual event has can be shared.
 */
export const sharedFieldsSetting = z
  .string()
  .prefault('')
  .transform((text, context): SharedFields => {
    const known = new Map(manualEntities().map((one) => [one.entity, one]));
    const shared = new Map<string, SharedEntity>();
    for (const name of text.split(',').map((part) => part.trim())) {
      if (name === '') continue;
      const [entity = '', column = ''] = name.split(/\.(.*)/s);
      const found = known.get(entity);
      if (found === undefined || !found.columns.includes(column)) {
        const choice = found?.columns.map((one) => `${entity}.${one}`) ?? [...known.keys()];
        const message = `cannot share ${name}: it is none of ${choice.join(', ')}`;
        context.issues.push({ code: 'custom', message, input: text });
        continue;
      }
      const columns = new Set([...(shared.get(entity)?.columns ?? []), column]);
      shared.set(entity, { keyColumn: found.keyColumn, columns });
    }
    return shared;
  });
