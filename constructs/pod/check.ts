import {
  checkEnv,
  checkExceptions,
  checkImage,
  checkInteger,
  checkKeys,
  checkLabelName,
  checkObjectName,
  checkRecord,
  show,
} from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import { isRecord } from "../core/json.ts";
import { checkSize } from "../core/size.ts";
import { isLate } from "../late.ts";
import { isConfigSource, isConfigValue } from "../config/source.ts";
import { checkLiteralSecret } from "../config/literal-secret.ts";
import { checkVolumes } from "../volume/check.ts";
import { checkHealth } from "./check-health.ts";
import { checkUses } from "../uses/check.ts";
import type { Ports } from "./probes.ts";
import type { ContainerProps, PodProps, SideContainer } from "./props.ts";

/** The properties that every workload has. */
export const podProperties: Readonly<Record<keyof PodProps, true>> = {
  image: true,
  command: true,
  args: true,
  env: true,
  uses: true,
  size: true,
  init: true,
  sidecars: true,
  containers: true,
  shared: true,
  files: true,
  volumes: true,
  priority: true,
  nodes: true,
  shutdownSeconds: true,
  name: true,
  allow: true,
};

/** Finds everything that is wrong with the properties of a workload's pods, whatever its kind. `ports` are the program's own. */
export function checkPod(draft: Draft, props: PodProps, ports: Ports): void {
  checkExceptions(draft, props.allow ?? []);
  checkContainer(draft, "", props);
  if (props.shutdownSeconds !== undefined)
    checkInteger(draft, "shutdownSeconds", props.shutdownSeconds, [0, 3600]);
  checkSides(draft, props, ports);
  checkShared(draft, props.shared ?? []);
  checkFiles(draft, props);
  checkVolumes(draft, props);
  if (props.priority !== undefined) checkObjectName(draft, "priority", props.priority);
  checkNodes(draft, props.nodes);
}

/** Checks named ports: their names, numbers, and that none is there twice. */
export function checkPorts(
  draft: Draft,
  fieldPath: string,
  ports: unknown,
  taken: readonly number[] = [],
): void {
  if (!checkRecord(draft, fieldPath, ports, "{ metrics: 9090 } for example")) return;
  const seen = [...taken];
  for (const [name, port] of Object.entries(ports as Readonly<Record<string, unknown>>)) {
    const path = `${fieldPath}.${name}`;
    checkLabelName(draft, path, name, 15);
    checkInteger(draft, path, port, [1, 65_535]);
    if (seen.includes(port as number)) {
      draft.find("invalid-value", path, {
        message: `port ${show(port)} is used by another name of the pod`,
        fix: "Give each name a port of its own",
      });
    }
    seen.push(port as number);
  }
}

/** Checks how pods keep apart. */
export function checkSpread(draft: Draft, spread: unknown): void {
  if (spread === undefined || ["preferred", "required", "none"].includes(spread as string)) return;
  draft.find("invalid-value", "spread", {
    message: `${show(spread)} is not a way to keep pods apart`,
    fix: 'Use "preferred", "required" or "none"',
  });
}

function checkContainer(draft: Draft, property: string, container: ContainerProps): void {
  const at = (key: string): string => (property === "" ? key : `${property}.${key}`);
  checkImage(draft, at("image"), container.image);
  for (const key of ["command", "args"] as const) {
    const words: unknown = container[key];
    if (words === undefined || (Array.isArray(words) && words.every((word) => typeof word === "string")))
      continue;
    draft.find("invalid-value", at(key), {
      message: `${show(words)} is not a list of words`,
      fix: 'Use a list of text, ["--verbose"] for example',
    });
  }
  if (container.size !== undefined) checkSize(draft, at("size"), container.size);
  if (container.uses !== undefined) checkUses(draft, at("uses"), container.uses);
  if (container.env === undefined) return;
  checkEnv(draft, at("env"), container.env, isEnvValue);
  for (const [name, value] of Object.entries(container.env)) {
    checkLiteralSecret(draft, `${at("env")}.${name}`, name, value);
  }
}

const plain = ["image", "command", "args", "env", "uses", "size"];

function checkSides(draft: Draft, props: PodProps, ports: Ports): void {
  const names = new Set(["app"]);
  const used = Object.values(ports);
  const portNames = new Set(Object.keys(ports));
  for (const group of ["init", "sidecars", "containers"] as const) {
    const sides: unknown = props[group] ?? {};
    if (!checkRecord(draft, group, sides, `{ name: { image } }`)) continue;
    for (const [name, side] of Object.entries(sides as Readonly<Record<string, SideContainer>>)) {
      const property = `${group}.${name}`;
      checkLabelName(draft, property, name, 59);
      if (names.has(name)) {
        draft.find("invalid-name", property, {
          message: `"${name}" is already a container of the pod`,
          fix: 'Use another name; "app" is the program itself',
        });
      }
      names.add(name);
      if (!checkRecord(draft, property, side, "{ image }")) continue;
      checkKeys(draft, property, side, group === "init" ? plain : [...plain, "ports", "health"]);
      checkContainer(draft, property, side);
      if (side.ports !== undefined) {
        checkPorts(draft, `${property}.ports`, side.ports, used);
        used.push(...Object.values(side.ports));
        checkPortNames(draft, `${property}.ports`, side.ports, portNames);
      }
      if (side.health !== undefined) checkHealth(draft, `${property}.health`, side.health, side.ports ?? {});
    }
  }
}

/** A Service leads to a port by its name, so two of one pod would be mixed up. */
function checkPortNames(draft: Draft, fieldPath: string, ports: Ports, taken: Set<string>): void {
  for (const name of Object.keys(ports)) {
    if (taken.has(name)) {
      draft.find("invalid-name", `${fieldPath}.${name}`, {
        message: `"${name}" already names a port of another container of the pod`,
        fix: "Give the port a name of its own",
      });
    }
    taken.add(name);
  }
}

function checkShared(draft: Draft, shared: readonly unknown[]): void {
  shared.forEach((path, index) => {
    const isFree = typeof path === "string" && /^\/[^/:]/.test(path) && !/^\/tmp\/?$/.test(path);
    if (isFree && shared.indexOf(path) === index) return;
    draft.find("invalid-value", `shared.${index}`, {
      message: `${show(path)} is not a directory that can be shared`,
      fix: 'Use another absolute path, each once; "/tmp" is there, and each container has its own',
    });
  });
}

function checkFiles(draft: Draft, { files, shared = [] }: PodProps): void {
  if (files === undefined || !checkRecord(draft, "files", files, '{ "/etc/app": config }')) return;
  const taken: readonly string[] = ["/tmp", ...shared];
  for (const [path, source] of Object.entries(files)) {
    if (!/^\/[^/:]/.test(path) || taken.includes(path)) {
      draft.find("invalid-value", `files.${path}`, {
        message: `${show(path)} is not a free absolute path`,
        fix: 'Use another directory, "/etc/app" for example',
      });
    }
    if (!isConfigSource(source)) {
      draft.find("invalid-value", `files.${path}`, {
        message: "files come from a Config or a SecretRef",
        fix: 'Use new Config(chart, "settings", { data }) or new SecretRef("name")',
      });
    }
  }
}

function checkNodes(draft: Draft, nodes: unknown): void {
  if (nodes === undefined || !checkRecord(draft, "nodes", nodes, "{ labels, tolerate }")) return;
  const { labels = {}, tolerate = [] } = nodes as Readonly<Record<string, unknown>>;
  checkKeys(draft, "nodes", nodes, ["labels", "tolerate"]);
  if (!checkRecord(draft, "nodes.labels", labels, '{ "kubernetes.io/arch": "amd64" } for example')) return;
  for (const [key, value] of Object.entries(labels as Readonly<Record<string, unknown>>)) {
    if (labelKey.test(key) && typeof value === "string" && labelValue.test(value)) continue;
    draft.find("invalid-value", `nodes.labels.${key}`, {
      message: `${show(key)}: ${show(value)} is not a label`,
      fix: 'Use a key and text of letters, digits, "-", "_" and ".", at most 63',
    });
  }
  if (Array.isArray(tolerate) && tolerate.every(isRecord)) return;
  draft.find("invalid-value", "nodes.tolerate", {
    message: `${show(tolerate)} is not a list of tolerations`,
    fix: 'Use [{ key: "gpu", operator: "Exists", effect: "NoSchedule" }] for example',
  });
}

const labelKey = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

function isEnvValue(value: unknown): boolean {
  return (
    typeof value === "string" ||
    isLate(value) ||
    isConfigValue(value) ||
    (isRecord(value) && typeof value["field"] === "string")
  );
}
