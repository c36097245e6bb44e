import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

/** A service as docker-compose.yml writes it: of the forms that the specification allows, we use one. */
export interface ComposeService {
  readonly image: string;
  readonly build?: unknown;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly healthcheck?: unknown;
  readonly mem_limit?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

const validate = new Ajv2020({ strict: false, allErrors: true }).compile<ComposeFile>(
  JSON.parse(
    readFileSync(new URL('../../src/support/compose-spec/schema.json', import.meta.url), 'utf8'),
  ),
);

/**
 * Parses a Compose file, puts `env` in the place of its variables, and checks it against the Compose
 * Specification's schema.
 * @throws Error listing where it does not follow the schema
 */
export function readCompose(text: string, env: Readonly<Record<string, string>> = {}): ComposeFile {
  const file: unknown = interpolate(parse(text, { merge: true }), env);
  if (!validate(file)) {
    const problems = (validate.errors ?? []).map(
      (error) => `${error.instancePath} ${error.message}`,
    );
    throw new Error(`not a Compose file:\n${problems.join('\n')}`);
  }
  return file;
}

/**
 * What a container with this `environment` finds in its own. A name without a value is handed on when
 * `env` has it, and is unset otherwise.
 */
export function containerEnvironment(
  environment: ComposeService['environment'] = {},
  env: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => {
      const given = value ?? env[name];
      return given === undefined ? [] : [[name, given]];
    }),
  );
}

/** `${NAME}` and `${NAME:-default}`, the two forms we use; `$$` is a dollar. */
function interpolate(node: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof node === 'string') {
    return node.replaceAll(
      /\$(?:\$|\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\})/g,
      (_, name?: string, fallback = '') => (name === undefined ? '$' : env[name] || fallback),
    );
  }
  if (Array.isArray(node)) return node.map((entry) => interpolate(entry, env));
  if (typeof node === 'object' && node !== null) {
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, interpolate(value, env)]),
    );
  }
  return node;
}
