import type { Draft } from "./draft.ts";
import { type Exception, isExcusable } from "./finding.ts";
import { isRecord } from "./json.ts";

/** Names every key that the type does not know: a misspelled property must not be ignored. */
export function checkKeys(draft: Draft, fieldPath: string, value: unknown, known: readonly string[]): void {
  if (!isRecord(value)) return;
  for (const key of Object.keys(value).filter((name) => !known.includes(name))) {
    draft.find("unknown-property", fieldPath ? `${fieldPath}.${key}` : key, {
      message: "there is no such property",
      fix: `Use one of ${known.join(", ")}`,
    });
  }
}

/** Checks a whole number between two bounds, both included. */
export function checkInteger(
  draft: Draft,
  fieldPath: string,
  value: unknown,
  bounds: readonly [number, number],
): void {
  const [least, most] = bounds;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return;
  draft.find("invalid-value", fieldPath, {
    message: `${show(value)} is not a whole number from ${least} to ${most}`,
    fix: "Correct the number",
  });
}

/** Checks a name that Kubernetes takes as a label of RFC 1123, of a container or a port for example. */
export function checkLabelName(draft: Draft, fieldPath: string, name: unknown, most = 63): void {
  if (typeof name === "string" && name.length <= most && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return;
  draft.find("invalid-name", fieldPath, {
    message: `${show(name)} is not a name`,
    fix: `Use at most ${most} lower-case letters, digits and hyphens, no hyphen first or last`,
  });
}

/** Checks the name of an object that is referred to, of a PriorityClass for example. */
export function checkObjectName(draft: Draft, fieldPath: string, name: unknown): void {
  if (typeof name === "string" && name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)) return;
  draft.find("invalid-name", fieldPath, {
    message: `${show(name)} cannot name an object`,
    fix: "Use lower-case letters, digits, hyphens and dots, a letter or digit first and last",
  });
}

/** Checks the name of a host in DNS. */
export function checkHostName(draft: Draft, fieldPath: string, host: unknown): void {
  if (typeof host === "string" && host.length <= 253 && hostName.test(host)) return;
  draft.find("invalid-value", fieldPath, {
    message: `${show(host)} is not the name of a host`,
    fix: 'Write it in lower case without scheme, port and path, "api.example.com" for example',
  });
}

const hostName = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*$/;

/** True if the value is a record; a finding tells if not. */
export function checkRecord(draft: Draft, fieldPath: string, value: unknown, example: string): boolean {
  if (isRecord(value)) return true;
  draft.find("invalid-value", fieldPath, {
    message: `${show(value)} is not a record`,
    fix: `Use ${example}`,
  });
  return false;
}

/** Checks the reference of an image: well-formed, and naming one image for ever. */
export function checkImage(draft: Draft, fieldPath: string, image: unknown): void {
  const match = typeof image === "string" ? imagePattern.exec(image) : null;
  if (match === null) {
    draft.find("invalid-value", fieldPath, {
      message: `${show(image)} is not the reference of an image`,
      fix: 'Write registry, repository and tag, "ghcr.io/acme/web:1.4.2" for example',
    });
    return;
  }
  const { tag, digest } = match.groups ?? {};
  if (digest === undefined && (tag === undefined || tag === "latest")) {
    draft.find("image-unpinned", fieldPath, {
      message: `${show(image)} names another image whenever it is built anew`,
      fix: "Give it a tag other than latest, or a digest",
    });
  }
}

/** Checks the names and values of environment variables. `isValue` tells what counts as a value. */
export function checkEnv(
  draft: Draft,
  fieldPath: string,
  env: unknown,
  isValue: (value: unknown) => boolean,
): void {
  if (!isRecord(env)) {
    draft.find("invalid-value", fieldPath, {
      message: `${show(env)} is not a record`,
      fix: "Use {NAME: value}",
    });
    return;
  }
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
      draft.find("invalid-name", `${fieldPath}.${name}`, {
        message: `"${name}" cannot name an environment variable`,
        fix: "Use letters, digits and underscores, no digit first",
      });
    }
    if (!isValue(value)) {
      draft.find("invalid-value", `${fieldPath}.${name}`, {
        message: `a ${value === null ? "null" : typeof value} is not a value`,
        fix: "Use text, since a program reads text whatever the type; {field} for what a pod knows of itself",
      });
    }
  }
}

/** Checks that exceptions name what can be excused, and say why. */
export function checkExceptions(draft: Draft, exceptions: readonly Exception[]): void {
  exceptions.forEach(({ code, reason }, index) => {
    if (!isExcusable(code)) {
      draft.find("invalid-value", `allow.${index}.code`, {
        message: `"${String(code)}" cannot be excused`,
        fix: "Correct what it names",
      });
    }
    if (!reason.trim()) {
      draft.find("exception-without-reason", `allow.${index}.reason`, {
        message: `the exception from "${code}" has no reason`,
        fix: "Say why the rule does not hold here",
      });
    }
  });
}

/** A value as a message quotes it. */
export function show(value: unknown): string {
  return JSON.stringify(value);
}

const component = "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*";
const imagePattern = new RegExp(
  `^(?:[a-zA-Z0-9.-]+(?::\\d+)?/)?${component}(?:/${component})*` +
    "(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?$",
);
