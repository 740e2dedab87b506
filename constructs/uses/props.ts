import type { ConfigValue } from "../config/source.ts";
import type { AppReference } from "../core/access.ts";
import type { Late } from "../late.ts";

/** What a program uses, by the name that its variables begin with: `{ db }` gives `DB_HOST` and `DB_PORT`. */
export type Uses = Readonly<Record<string, Dependency>>;

/** Another program, a port of one in full, a service of the cluster set, or one that is not part of the app. */
export type Dependency = AppReference | UsedPort | ImportedService | ExternalService;

/** One port of another program. */
export interface UsedPort extends Details {
  readonly service: AppReference;
  /** The name of one of its ports. @default - its main port */
  readonly port?: string;
}

/** A service that clusters of the set export. It has the same name and namespace in all of them. */
export interface ImportedService extends Details {
  /** The name of the Service. */
  readonly imported: string;
  readonly namespace: string;
  /** The port of the Service. @default 80, which speaks `http` */
  readonly port?: number;
  /**
   * Where its pods are, with a controller of the Multi-Cluster Services API: the pod networks of the other clusters.
   * @default - every address
   */
  readonly cidrs?: readonly string[];
}

/** A service that is not part of the app: a database of the provider, or an API on the internet. */
export interface ExternalService extends Details {
  /** Its name in DNS, or its address. */
  readonly host: string | Late<string>;
  readonly port: number;
  /** The addresses behind it, `203.0.113.0/24` for example. @default - every address, if the host is a name */
  readonly cidrs?: readonly string[];
}

interface Details {
  /** What it speaks, the first word of its URL: `postgres` for example. @default - `http` for a WebService and for an import without a port; else there is no URL */
  readonly scheme?: string;
  /** What follows host and port in the URL. @default - nothing */
  readonly path?: `/${string}`;
  /** More variables of it: `{ password: secret.value("password") }` gives `DB_PASSWORD`. @default - none */
  readonly values?: Readonly<Record<string, string | Late<string> | ConfigValue>>;
}
