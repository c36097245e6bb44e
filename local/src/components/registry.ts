import { join } from 'node:path';
import { guardedUrl, guardPassword } from '../secrets.ts';
import type { LocalSettings } from '../settings.ts';
import type { Vendor } from '../vendor/download.ts';
import { type Component, checkHttp } from './component.ts';
import { JVM_STOP_TIMEOUT_MS, jvmFlags } from './jvm.ts';

/** Root of the registry's native API (v2 and v3 lie below it). */
export function registryUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Root of the Confluent API, which clients call "the schema registry URL". */
export function confluentUrl(port: number): string {
  return `${registryUrl(port)}/apis/ccompat/v7`;
}

/** The same with user and password. */
export function registryAddress({
  stateDir,
  ports,
}: Pick<LocalSettings, 'stateDir' | 'ports'>): string {
  return guardedUrl(stateDir, 'registry', confluentUrl(ports.registry));
}

/** Apicurio Registry with its data in the stack's own Postgres, so that schemas live as long as the records that need them. */
export function schemaRegistry(settings: LocalSettings, vendor: Vendor): Component {
  const { ports, stateDir, owner } = settings;
  return {
    spec: {
      name: 'registry',
      command: vendor.java.executable,
      args: [
        ...jvmFlags({ vendor, archive: 'registry', maxHeapMb: 256 }),
        // Clients cache what they ask for: it is idle but for its start, which the optimising compiler would double.
        '-XX:TieredStopAtLevel=1',
        '-Dquarkus.http.host=127.0.0.1',
        `-Dquarkus.http.port=${ports.registry}`,
        '-Dquarkus.banner.enabled=false',
        '-Dquarkus.log.level=WARN',
        '-Dquarkus.log.category."io.apicurio".level=WARN',
        '-Dquarkus.http.access-log.enabled=false',
        '-jar',
        vendor.registryJar,
      ],
      env: {
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'postgresql',
        APICURIO_DATASOURCE_URL: `jdbc:postgresql://127.0.0.1:${ports.postgres}/registry`,
        APICURIO_DATASOURCE_USERNAME: owner.user,
        APICURIO_DATASOURCE_PASSWORD: owner.password,
        // Each client asks for a schema once: twenty open connections, its default, are too many for that.
        APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MIN_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MAX_SIZE: '20',
        // A connection of before a restart of Postgres would fail the next request, perhaps a connector's only one.
        QUARKUS_DATASOURCE_POSTGRESQL_JDBC_VALIDATE_ON_BORROW: 'true',
        // Everything but its health needs the password; without it, any page of a browser could write schemas.
        QUARKUS_HTTP_AUTH_BASIC: 'true',
        QUARKUS_HTTP_AUTH_PERMISSION_ALL_PATHS: '/*',
        QUARKUS_HTTP_AUTH_PERMISSION_ALL_POLICY: 'authenticated',
        QUARKUS_HTTP_AUTH_PERMISSION_HEALTH_PATHS: '/health/*',
        QUARKUS_HTTP_AUTH_PERMISSION_HEALTH_POLICY: 'permit',
        QUARKUS_HTTP_CORS_ORIGINS: 'https://no-page.invalid',
        QUARKUS_SECURITY_USERS_EMBEDDED_PLAIN_TEXT: 'true',
        QUARKUS_SECURITY_USERS_EMBEDDED_USERS_SHELFCAST: guardPassword(stateDir, 'registry'),
        QUARKUS_SECURITY_USERS_EMBEDDED_ROLES_SHELFCAST: 'sr-admin',
      },
      cwd: stateDir,
      logFile: join(stateDir, 'logs', 'registry.log'),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: JVM_STOP_TIMEOUT_MS,
    },
    check: () => checkHttp(`${registryAddress(settings)}/subjects`),
  };
}
