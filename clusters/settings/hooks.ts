import type { Problem } from "../../errors.ts";
import { invalid, number, object, oneOf, record, text } from "../data/shape.ts";
import type { Shape } from "../data/shape.ts";

/** The steps of a host's way to a node that a hook may stand at. */
export const hookPoints = [
  /** The program's own files are written or taken away. */
  "files",
  /** Packages that are missing are installed. */
  "packages",
  /** Kernel modules and sysctls are set. */
  "kernel",
  /** Ports are opened in the host's firewall. */
  "firewall",
  /** containerd is configured and started. */
  "containerd",
  /** containerd learns how to pull from registries. */
  "registries",
  /** The kubelet's unit is installed. */
  "kubelet",
  /** kubeadm makes the host a node: init or join. */
  "join",
  /** Certificates of a control plane are renewed, or get other names. */
  "certificates",
  /** Components of a living control plane get other settings. */
  "controlPlane",
  /** The kubelet of a living node gets other settings. */
  "kubeletSettings",
] as const;

export type HookPoint = (typeof hookPoints)[number];

/** A script of the program's own that runs on a host, before or after a step that changes something there. */
export type Hook<Text = string> = {
  /** For a POSIX shell, as root. May be a secret. */
  readonly script: Text;
  /** How long it may take. @default 300 */
  readonly timeoutSeconds?: number;
} & (
  | { readonly before: HookPoint; readonly after?: never }
  | { readonly after: HookPoint; readonly before?: never }
);

/** By name; several at one place run in the order of their names. */
export type Hooks<Text = string> = Readonly<Record<string, Hook<Text>>>;

const script: Shape<string> = {
  schema: { type: "string", minLength: 1 },
  problems: (value, where) =>
    typeof value === "string" && value.trim() !== "" && !value.includes("\0")
      ? []
      : [invalid(where, "it is not the text of a script")],
};

const point = oneOf(...hookPoints);

const shape = record(
  text(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/, "a name of a-z, 0-9 and -, at most 40"),
  object({ script }, { before: point, after: point, timeoutSeconds: number({ min: 1, whole: true }) }),
);

const longest = 86_400;

/** What is wrong with hooks; no message shows a script. Pure. */
export function hookProblems(hooks: Hooks = {}, where = "hooks"): readonly Problem[] {
  const misshapen = shape.problems(hooks, where);
  if (misshapen.length > 0) return misshapen;
  return Object.entries(hooks).flatMap(([name, { before, after, timeoutSeconds = 0 }]) => [
    ...((before === undefined) === (after === undefined)
      ? [invalid(`${where}.${name}`, "it wants either before or after, and one of them")]
      : []),
    ...(timeoutSeconds > longest
      ? [invalid(`${where}.${name}.timeoutSeconds`, `${String(timeoutSeconds)} is more than a day`)]
      : []),
  ]);
}
