import type { Problem } from "../../errors.ts";
import { invalid, list, object, record, text } from "../data/shape.ts";
import type { Shape } from "../data/shape.ts";

/** Whom a host presents itself to when it pulls images. Plain data. */
export interface RegistryAccess<Text = string> {
  /** Sent as HTTP Basic authentication. The password is a secret. */
  readonly auth?: { readonly username: Text; readonly password: Text };
  /** Certificates of authorities beside the system's own, PEM. */
  readonly ca?: Text;
}

/** How images of a registry are pulled. */
export interface Registry<Text = string> extends RegistryAccess<Text> {
  /** Who is asked before the registry itself, in this order. @default [] */
  readonly mirrors?: readonly RegistryMirror<Text>[];
}

export interface RegistryMirror<Text = string> extends RegistryAccess<Text> {
  /** `https://mirror.example.org`, or a base such as `https://mirror.example.org/v2/docker-hub`. */
  readonly url: string;
}

/** By a registry's name as it begins the names of images, `docker.io` for example; `_default` for all others. */
export type Registries<Text = string> = Readonly<Record<string, Registry<Text>>>;

const pem = /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/;

const credentials = object(
  { username: text(/^[^:\0\n]+$/, "a user name without colons"), password: password() },
  {},
);

const access = {
  // Whoever writes one text for both must not find the password in the message.
  auth: {
    ...credentials,
    problems: (value: unknown, where: string) =>
      typeof value === "object"
        ? credentials.problems(value, where)
        : [invalid(where, "it is not an object with username and password")],
  } satisfies typeof credentials,
  ca: text(pem, "a certificate in PEM form"),
};

const mirror = object({ url: text(/^https?:\/\/[\w.:[\]-]+(\/[\w./~-]*)?$/, "an http address") }, access);

const shape = record(
  text(/^(_default|[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?)$/, "a registry's name such as docker.io"),
  object({}, { ...access, mirrors: list(mirror) }),
);

/** What is wrong with registries; no message shows a password. Pure. */
export function registryProblems(registries: Registries = {}): readonly Problem[] {
  const empty = Object.entries(registries).filter(([, registry]) => Object.keys(registry).length === 0);
  return [
    ...shape.problems(registries, "registries"),
    ...empty.map(([name]) => invalid(`registries.${name}`, "it has none of mirrors, auth and ca")),
  ];
}

/** A text that no message shows. */
function password(): Shape<string> {
  return {
    schema: { type: "string", minLength: 1 },
    problems: (value, where) =>
      typeof value === "string" && /^[^\0\n]+$/.test(value)
        ? []
        : [invalid(where, "it is not a password: one line of text")],
  };
}
