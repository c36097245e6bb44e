/** Compatibility rules of a registry subject (Confluent's words). */
export type Compatibility = 'NONE' | 'BACKWARD' | 'FORWARD' | 'FULL';

/**
 * What the codec needs of a schema registry. Every failure is a CodecError: REGISTRY_UNAVAILABLE
 * (retriable) when there was no usable answer, REGISTRATION_REFUSED when the registry said no.
 */
export interface SchemaRegistryTransport {
  /** Schema as JSON text, or undefined when the registry has none of this id. */
  schemaById(id: number): Promise<string | undefined>;
  /** Id of exactly this schema under the subject, or undefined. */
  idOf(subject: string, schemaText: string): Promise<number | undefined>;
  /** Registers a schema as the subject's newest version, unless it is there already. */
  register(subject: string, schemaText: string): Promise<number>;
  /** The subject's own rule, or undefined when it follows the registry's. */
  compatibility(subject: string): Promise<string | undefined>;
  setCompatibility(subject: string, level: Compatibility): Promise<void>;
  close(): void;
}

/** One version of a subject. */
export interface SubjectVersion {
  /** From 1; numbers of deleted versions are not used again. */
  readonly version: number;
  readonly schemaId: number;
  /** Schema as JSON text. */
  readonly schemaText: string;
}

/** What a registry holds, for those who show or choose schemas. Failures as in SchemaRegistryTransport. */
export interface SubjectCatalog {
  subjects(): Promise<string[]>;
  /** Newest version, or undefined when the registry has no such subject. */
  latest(subject: string): Promise<SubjectVersion | undefined>;
  /** One version, or undefined when there is none of this number. */
  version(subject: string, version: number): Promise<SubjectVersion | undefined>;
}
