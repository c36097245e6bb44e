/** The state of a part, as a colour with words beside it. */
export type Status = 'ok' | 'warn' | 'bad' | 'off';
