import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { at, listAt, nameOf, namespaceOf, type Part, textAt } from "../core/parts.ts";
import type { Rendered } from "../core/rendered.ts";
import { quantityOf, thousandths } from "../core/quantity.ts";
import { profileOf } from "../core/profile.ts";
import { offersOf } from "../volume/storage.ts";
import type { Workload } from "./workloads.ts";

/** Pods that mount a claim, and where their spec says so. */
interface User {
  readonly workload: Workload;
  readonly fieldPath: string;
  readonly claim: string;
}

/** What volumes and the pods that mount them say of each other, whoever wrote them. */
export function findInVolumes(
  rendered: readonly Rendered[],
  workloads: readonly Workload[],
): readonly Finding[] {
  const claims = rendered.filter(({ json }) => json["kind"] === "PersistentVolumeClaim");
  const byName = new Map(claims.map((claim) => [keyOf(namespaceOf(claim), nameOf(claim)), claim]));
  const users = workloads.flatMap(usersIn);
  return [
    ...contended(byName, users),
    ...users.flatMap((user) => missing(byName, user)),
    ...claims.flatMap((claim) => unknownClass(claim, claim.json, "spec.storageClassName")),
    ...workloads.flatMap((workload) => templates(byName, workload)),
    ...claims.flatMap((claim) => unbound(claim, rendered)),
  ];
}

function usersIn(workload: Workload): readonly User[] {
  return listAt(workload.pod, "volumes").flatMap((volume, index) => {
    const claim = at(volume, "persistentVolumeClaim", "claimName");
    if (typeof claim !== "string") return [];
    return [{ workload, claim, fieldPath: `${workload.path}.volumes.${index}` }];
  });
}

/** Volumes of one node or pod that pods on several nodes would mount: all but the first wait for ever. */
function contended(claims: ReadonlyMap<string, Rendered>, users: readonly User[]): readonly Finding[] {
  const seen = new Map<string, User>();
  return users.flatMap((user) => {
    const key = keyOf(user.workload.namespace, user.claim);
    const claim = claims.get(key);
    if (claim === undefined) return [];
    const modes = at(claim.json, "spec", "accessModes");
    const isShared = Array.isArray(modes) && modes.some((mode) => /Many$/.test(String(mode)));
    if (isShared) return [];
    const first = seen.get(key);
    seen.set(key, first ?? user);
    const reason = first === undefined ? crowdOf(user.workload) : `"${first.workload.name}" mounts it too`;
    if (reason === undefined) return [];
    return [
      findAt(user.workload.rendered.object, "volume-contended", user.fieldPath, {
        message: `the pods of one node at most can mount the claim "${user.claim}", and ${reason}`,
        fix: fixes[user.workload.kind] ?? manyFix,
      }),
    ];
  });
}

const manyFix =
  "Give the claim the access mode ReadWriteMany, by a class that offers it, or mount it in one pod";

const fixes: Readonly<Record<string, string>> = {
  Deployment: `Use replicas: 1 with the strategy Recreate, a StatefulService for a volume per pod, or ReadWriteMany`,
  CronJob: "Let runs never overlap, concurrencyPolicy Forbid or Replace, or use ReadWriteMany",
};

function crowdOf({ kind, most, surge }: Workload): string | undefined {
  if (kind === "DaemonSet") return "every node runs a pod";
  if (most > 1) return `${most} pods may run at once`;
  return surge > 0 ? "an update runs the new pod beside the old one" : undefined;
}

function missing(claims: ReadonlyMap<string, Rendered>, user: User): readonly Finding[] {
  const { workload, claim, fieldPath } = user;
  if (claims.has(keyOf(workload.namespace, claim)) || isOfTemplate(claim, workload)) return [];
  const elsewhere = [...claims].find(([, other]) => nameOf(other) === claim)?.[1];
  return [
    findAt(workload.rendered.object, "claim-missing", fieldPath, {
      message:
        elsewhere === undefined
          ? `nothing in the app makes the claim "${claim}", and the pods wait for it`
          : `the claim "${claim}" is in the namespace "${namespaceOf(elsewhere)}", and pods mount those of their own only`,
      fix: "Make it, mount it by a VolumeRef, or allow it with a reason if something else makes it",
    }),
  ];
}

/** What the templates of a StatefulSet ask for, and claims of the same names that are there already. */
function templates(claims: ReadonlyMap<string, Rendered>, workload: Workload): readonly Finding[] {
  if (workload.kind !== "StatefulSet") return [];
  const { object, json } = workload.rendered;
  return listAt(json, "spec", "volumeClaimTemplates").flatMap((template, index) => {
    const path = `spec.volumeClaimTemplates.${index}.spec`;
    const base = `${String(at(template, "metadata", "name"))}-${workload.name}-`;
    const wanted = sizeOf(template);
    const odd = [...claims.values()].filter((claim) => {
      const isOurs = namespaceOf(claim) === workload.namespace && nameOf(claim).startsWith(base);
      return isOurs && /^\d+$/.test(nameOf(claim).slice(base.length)) && sizeOf(claim.json) !== wanted;
    });
    const sizes = odd.map((claim) => {
      const has = sizeOf(claim.json);
      const state = `the claim "${nameOf(claim)}" of ${show(has)} is taken for a pod that asks for ${show(wanted)}`;
      const grows = growth(claim);
      return findAt(object, "claim-mismatch", `${path}.resources.requests.storage`, {
        message: (wanted ?? 0) < (has ?? 0) ? `${state}, and no volume shrinks` : `${state}${grows}`,
        fix: "Let both ask for the larger size",
      });
    });
    return [...unknownClass(workload.rendered, template, `${path}.storageClassName`), ...sizes];
  });
}

/** A claim that names a PersistentVolume of the app which cannot serve it. */
function unbound(claim: Rendered, rendered: readonly Rendered[]): readonly Finding[] {
  const wanted = at(claim.json, "spec", "volumeName");
  const volume = rendered.find(
    (each) =>
      each.json["kind"] === "PersistentVolume" && typeof wanted === "string" && nameOf(each) === wanted,
  );
  if (volume === undefined) return [];
  const find = (fieldPath: string, message: string): Finding =>
    findAt(claim.object, "claim-mismatch", fieldPath, { message, fix: "Let the claim and the volume agree" });
  const has = thousandths(at(volume.json, "spec", "capacity", "storage")) ?? 0;
  const asks = sizeOf(claim.json) ?? 0;
  const of = `the volume "${nameOf(volume)}"`;
  const modes = (json: Part): readonly unknown[] => {
    const list = at(json, "spec", "accessModes");
    return Array.isArray(list) ? (list as unknown[]) : [];
  };
  const lacking = modes(claim.json).filter((mode) => !modes(volume.json).includes(mode));
  const classes = [claim, volume].map(({ json }) => textAt(json, "spec", "storageClassName"));
  return [
    ...(asks > has
      ? [
          find(
            "spec.resources.requests.storage",
            `${of} has ${show(has)}, and the claim asks for ${show(asks)}`,
          ),
        ]
      : []),
    ...lacking.map((mode) => find("spec.accessModes", `${of} cannot be mounted as ${String(mode)}`)),
    ...(classes[0] === classes[1]
      ? []
      : [
          find(
            "spec.storageClassName",
            `${of} is of the class "${classes[1] ?? ""}", and the claim of another`,
          ),
        ]),
  ];
}

/** A class by name that the profile does not know, where it says what there is, and the app does not make. */
function unknownClass(rendered: Rendered, claim: Part, fieldPath: string): readonly Finding[] {
  const name = at(claim, "spec", "storageClassName");
  const profile = profileOf(rendered.object);
  const offers = [...offersOf(profile).values()].map(({ storageClass }) => storageClass);
  if (typeof name !== "string" || name === "" || profile.storage === undefined || offers.includes(name))
    return [];
  return [
    findAt(rendered.object, "storage-unserved", fieldPath, {
      message: `the profile knows no storage class "${name}"`,
      fix:
        offers.length > 0
          ? `Use one of ${offers.join(", ")}, or add it to the profile`
          : "Add it to the profile",
    }),
  ];
}

function growth(claim: Rendered): string {
  const name = at(claim.json, "spec", "storageClassName");
  const offer = [...offersOf(profileOf(claim.object)).values()].find(
    ({ storageClass }) => storageClass === name,
  );
  return offer?.expandable === false ? `, and volumes of "${String(name)}" cannot grow` : "";
}

function isOfTemplate(claim: string, { rendered, name }: Workload): boolean {
  return listAt(rendered.json, "spec", "volumeClaimTemplates").some((template) =>
    claim.startsWith(`${String(at(template, "metadata", "name"))}-${name}-`),
  );
}

function sizeOf(claim: Part): number | undefined {
  return thousandths(at(claim, "spec", "resources", "requests", "storage"));
}

function show(amount: number | undefined): string {
  return amount === undefined ? "no size" : quantityOf(amount, "bytes");
}

function keyOf(namespace: string, name: string): string {
  return JSON.stringify([namespace, name]);
}
