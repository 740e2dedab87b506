import type { Problem } from "../../errors.ts";
import { invalid, number, object, record, text } from "../data/shape.ts";
import { isPlainPath } from "./control-plane.ts";

/** A file that the program keeps on a host. Plain data; the content may be a secret. */
export interface HostFile<Text = string> {
  readonly content: Text;
  /** @default 0o644 */
  readonly mode?: number;
}

/** By absolute path. */
export type HostFiles<Text = string> = Readonly<Record<string, HostFile<Text>>>;

const any = { schema: { type: "string" }, problems: hiddenText };

const shape = record(
  text(/^/, "a path"),
  object({ content: any }, { mode: number({ min: 0, whole: true }) }),
);

/** Folders whose files are keelson's, kubeadm's or the kubelet's own. */
const taken =
  /^\/(etc\/(kubernetes|keelson|containerd\/certs\.d|cni)|var\/lib\/(kubelet|etcd|containerd|keelson)|run|proc|sys|dev)\//;

/** What is wrong with the files of a host; no message shows their content. Pure. */
export function fileProblems(files: HostFiles = {}, where = "files"): readonly Problem[] {
  return [
    ...shape.problems(files, where),
    ...Object.entries(files).flatMap(([path, { mode = 0o644 }]) => [
      ...(isPlainPath(path) ? [] : [invalid(`${where}.${path}`, "it is not an absolute path")]),
      ...(taken.test(path) ? [invalid(`${where}.${path}`, "files there are the cluster's own")] : []),
      ...(mode <= 0o777 ? [] : [invalid(`${where}.${path}.mode`, `${String(mode)} is more than 0o777`)]),
    ]),
  ];
}

function hiddenText(value: unknown, where: string): readonly Problem[] {
  return typeof value === "string" ? [] : [invalid(where, "it is not text")];
}
