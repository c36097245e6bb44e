import { Problem } from '@shelfcast/service-kit/http/problem';

export type EventFormat = 'plain' | 'binary' | 'structured' | 'cloudevents-batch';

/**
 * In which form a request carries events.
 * @throws {Problem} 415 for a body that is none of them, or not UTF-8
 */
export function eventFormat(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): EventFormat {
  const type = mediaType(headers['content-type']);
  switch (type) {
    case 'application/cloudevents+json':
      return 'structured';
    case 'application/cloudevents-batch+json':
      return 'cloudevents-batch';
    default:
      if (type === 'application/json' || /^[\w.-]+\/[\w.-]+\+json$/.test(type)) {
        return headers['ce-specversion'] === undefined ? 'plain' : 'binary';
      }
      throw unsupported(type);
  }
}

/** @throws {Problem} 415 for anything but JSON */
export function requireJson(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): void {
  const type = mediaType(headers['content-type']);
  if (type !== 'application/json') throw unsupported(type);
}

function mediaType(header: string | readonly string[] | undefined): string {
  const [type = '', ...parameters] = String(header ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-8"?$/.test(charset)) {
    throw new Problem('unsupported-media-type', 'JSON is read as UTF-8 only');
  }
  return type;
}

function unsupported(type: string): Problem {
  const given = type === '' ? 'no Content-Type' : type.slice(0, 100);
  return new Problem('unsupported-media-type', `The body has to be application/json, not ${given}`);
}
