import { checkKeys, checkLabelName, checkObjectName, checkRecord, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import type { PodProps } from "../pod/props.ts";
import { isOwn } from "./claim.ts";
import type { VolumeSource } from "./props.ts";

/** The properties of a request for storage. */
export const requestProperties = ["size", "class", "storageClass", "accessMode"] as const;

const modes = ["ReadWriteOncePod", "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"];

/** Checks a request for storage; `prefix` is the property that holds it, with its dot. */
export function checkRequest(draft: Draft, prefix: string, request: object): void {
  const { size, class: intent, storageClass, accessMode, whenDeleted } = request as Loose;
  if (!/^[1-9]\d*(Mi|Gi|Ti)$/.test(String(size))) {
    draft.find("invalid-value", `${prefix}size`, {
      message: `${show(size)} is not an amount of storage`,
      fix: 'Use a whole number of Mi, Gi or Ti, "10Gi" for example',
    });
  }
  if (storageClass !== undefined) checkObjectName(draft, `${prefix}storageClass`, storageClass);
  if (intent !== undefined && storageClass !== undefined) {
    draft.find("invalid-value", `${prefix}storageClass`, {
      message: "the volume has a class by intent and by name",
      fix: "Remove one of class and storageClass",
    });
  }
  checkWord(draft, `${prefix}accessMode`, accessMode, modes);
  checkWord(draft, `${prefix}whenDeleted`, whenDeleted, ["Retain", "Delete"]);
}

/** Checks a word that is one of some; undefined stands for the default. */
export function checkWord(draft: Draft, fieldPath: string, word: unknown, words: readonly string[]): void {
  if (word === undefined || words.includes(word as string)) return;
  draft.find("invalid-value", fieldPath, {
    message: `${show(word)} is not one of ${words.join(", ")}`,
    fix: "Use one of them",
  });
}

/** Checks the volumes of a workload. */
export function checkVolumes(draft: Draft, props: PodProps): void {
  const { volumes, shared = [], files = {} } = props;
  const example = '{ data: { path: "/data", size: "10Gi" } }';
  if (volumes === undefined || !checkRecord(draft, "volumes", volumes, example)) return;
  const paths: string[] = ["/tmp", ...shared, ...Object.keys(files)];
  for (const [name, volume] of Object.entries(volumes as Loose)) {
    const property = `volumes.${name}`;
    checkVolumeName(draft, property, name);
    if (!checkRecord(draft, property, volume, '{ path: "/data", size: "10Gi" }')) continue;
    const { path } = volume as Loose;
    if (typeof path !== "string" || !/^\/[^/:]/.test(path) || paths.includes(path)) {
      draft.find("invalid-value", `${property}.path`, {
        message: `${show(path)} is not a free absolute path`,
        fix: 'Use another path from the root, "/data" for example',
      });
    }
    paths.push(String(path));
    checkVolume(draft, property, volume as Loose);
  }
}

function checkVolumeName(draft: Draft, property: string, name: string): void {
  checkLabelName(draft, property, name);
  if (name !== "tmp" && !/^(tmp|shared|files)-/.test(name)) return;
  draft.find("invalid-name", property, {
    message: `"${name}" is the name of a directory that every pod has`,
    fix: "Use another name",
  });
}

function checkVolume(draft: Draft, property: string, volume: Loose): void {
  if (!isOwn(volume)) {
    checkMounted(draft, property, volume, volume["volume"]);
    return;
  }
  checkKeys(draft, property, volume, ownProperties);
  checkRequest(draft, `${property}.`, volume);
}

const ownProperties = ["path", ...requestProperties, "whenDeleted", "volume"];

function checkMounted(draft: Draft, property: string, volume: object, source: unknown): void {
  checkKeys(draft, property, volume, ["path", "volume", "readOnly"]);
  if (isVolumeSource(source)) return;
  draft.find("invalid-value", `${property}.volume`, {
    message: "a volume is a Volume or a VolumeRef",
    fix: 'Use new Volume(chart, "data", { size }) or new VolumeRef("claim")',
  });
}

function isVolumeSource(value: unknown): value is VolumeSource {
  return typeof value === "object" && value !== null && "claimName" in value;
}

type Loose = Readonly<Record<string, unknown>>;
