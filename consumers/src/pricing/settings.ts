import { messageOf } from '@shelfcast/service-kit/message-of';
import { parseAllowedPrivate } from '@shelfcast/service-kit/webhooks/address-policy';
import { z } from 'zod';

/** Settings of the process that delivers webhooks. */
export const webhookSettings = {
  /** Private targets that webhooks may go to: `on`, or networks, addresses and hosts separated by commas. */
  WEBHOOK_ALLOW_PRIVATE: z
    .string()
    .prefault('off')
    .transform((text, context) => {
      try {
        return parseAllowedPrivate(text);
      } catch (error) {
        const message = messageOf(error);
        context.issues.push({ code: 'custom', message, input: text });
        return z.NEVER;
      }
    }),
};

export type WebhookSettings = z.output<z.ZodObject<typeof webhookSettings>>;
