import { catalogue } from './catalogue/consumer.ts';

/** Every consumer a process can host, by the name that CONSUMERS uses. */
export const registered = [catalogue];
