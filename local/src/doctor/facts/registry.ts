import { CONTRACTS } from '@shelfcast/schemas/contracts';
import { createRegistryClient } from '@shelfcast/schemas/registry/client';
import { splitCredentials } from '@shelfcast/schemas/registry/url-credentials';
import { keySubject, valueSubject } from '@shelfcast/schemas/topics';

export type RegistryFacts = {
  url: string;
  /** How people ask it, with its password. */
  curl?: string;
  /** Our own contracts: whether exactly this schema is registered, and the subject's own rule. */
  contracts: { subject: string; registered: boolean; compatibility: string | undefined }[];
  /** Subjects of the captured tables with a rule of their own. */
  cdcSubjects: { subject: string; compatibility: string | undefined }[];
};

/** Asks the registry about our contracts and the subjects of the CDC topics. */
export async function registryFacts(
  registryUrl: string,
  cdcTopics: readonly string[],
): Promise<RegistryFacts> {
  const registry = createRegistryClient({ registryUrl });
  try {
    const contracts: RegistryFacts['contracts'] = [];
    for (const { topic, schemaText } of CONTRACTS) {
      const subject = valueSubject(topic);
      const registered = (await registry.idOf(subject, schemaText)) !== undefined;
      contracts.push({ subject, registered, compatibility: await registry.compatibility(subject) });
    }
    const cdcSubjects: RegistryFacts['cdcSubjects'] = [];
    for (const subject of cdcTopics.flatMap((topic) => [keySubject(topic), valueSubject(topic)])) {
      cdcSubjects.push({ subject, compatibility: await registry.compatibility(subject) });
    }
    return { url: splitCredentials(registryUrl).url, contracts, cdcSubjects };
  } finally {
    registry.close();
  }
}
