import { createRepricing } from '../effective-price/repricing.ts';

/** Task name of the job that computes a price again when a discount starts or ends. */
export const REPRICE_TASK = 'pricing_reprice';

export const repricing = createRepricing({ task: REPRICE_TASK });
