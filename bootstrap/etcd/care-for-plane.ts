import { KeelsonError, throwIfAborted } from "../../errors.ts";
import { command } from "../../remote/quote.ts";
import type { Runner } from "../../remote/runner.ts";
import { withHostLock } from "../host-lock.ts";
import type { Plane } from "../plane.ts";
import { seatsOf } from "../plane.ts";
import { defragmentations, dueCare, tooFull } from "./care.ts";
import type { CareStep } from "./care.ts";
import { readCondition } from "./condition.ts";
import type { EtcdCondition, MemberCondition } from "./condition.ts";
import { etcdctl } from "./etcdctl.ts";

/** A large file takes a minute; meanwhile its member is away. */
const defragmentSeconds = 300;

/**
 * Makes room in an etcd that is full or soon may be, and lets it accept writes again. Nothing if it has room, or does
 * not answer.
 *
 * @throws KeelsonError KEELSON_ETCD_FULL if it is full of what is in use
 */
export function careForEtcd(plane: Plane): Promise<void> {
  return care(plane, dueCare);
}

/** Gives the free bytes of every member's file back, whether it is due or not. */
export function defragmentAll(plane: Plane): Promise<void> {
  return care(plane, ({ members }) => defragmentations(members, "asked for"));
}

async function care(plane: Plane, judge: (condition: EtcdCondition) => readonly CareStep[]): Promise<void> {
  const { operation } = plane;
  const found = await findCondition(plane);
  if (found === undefined) return;
  const { runner } = found;
  const steps = judge(found.condition);
  if (steps.length === 0) return;
  if (operation.preview) {
    for (const step of steps) tell(plane, step);
    return;
  }
  // Where etcd accepts no write there is no lease: this lock keeps a second run from sending another member away.
  await withHostLock(runner, operation.signal, async () => {
    const now = (await readCondition(runner, operation.signal)) ?? found.condition;
    for (const step of judge(now)) await carryOut(plane, runner, step);
  });
}

interface Found {
  readonly runner: Runner;
  readonly condition: EtcdCondition;
}

/** The first whole host whose etcd answers speaks for all of them. */
async function findCondition(plane: Plane): Promise<Found | undefined> {
  const whole = new Set(seatsOf(plane).flatMap(({ name, state }) => (state === "whole" ? [name] : [])));
  for (const { host, runner, view } of plane.hosts) {
    if (!whole.has(host.name) || runner === undefined || view === undefined || host.name === plane.begin)
      continue;
    const condition = await readCondition(runner, plane.operation.signal);
    if (condition !== undefined) return { runner, condition };
  }
  return undefined;
}

function tell({ operation, request, hosts }: Plane, step: CareStep): void {
  const address = step.kind === "defragment" ? step.member.address : "";
  const host = hosts.find((each) => each.host.nodeAddress === address)?.host.name ?? request.cluster.name;
  operation.onIntent({ host, what: describeStep(step) });
}

function describeStep(step: CareStep): string {
  if (step.kind === "compact") return "give up etcd's history: no space is left";
  if (step.kind === "disarm") return "let etcd accept writes again";
  return `defragment its member of etcd: ${step.why}`;
}

async function carryOut(plane: Plane, runner: Runner, step: CareStep): Promise<void> {
  const { operation, request } = plane;
  throwIfAborted(operation.signal, describeStep(step));
  tell(plane, step);
  if (step.kind === "disarm") await refuseIfFull(runner, request.cluster.name, operation.signal);
  operation.onPhase?.(request.cluster.name, `etcd ${step.kind}`);
  await runner.run("sh -s", { stdin: scriptOf(step), signal: operation.signal });
}

/** A defragmented member must answer before the next one goes. A history that is given up already is no failure. */
function scriptOf(step: CareStep): string {
  const long = `--command-timeout=${String(defragmentSeconds)}s`;
  if (step.kind === "compact") {
    const compact = command`etcd ${long} compact ${step.revision} --physical`;
    return `${etcdctl}\nout=$(${compact} 2>&1) || case $out in *compacted*) ;; *) echo "$out" >&2; exit 1;; esac\n`;
  }
  if (step.kind === "disarm") return `${etcdctl}\netcd alarm disarm >/dev/null\n`;
  return `${etcdctl}\nset -e\n${command`export ETCDCTL_ENDPOINTS=${step.member.url}`}
${command`etcd ${long} defrag`} >/dev/null
etcd endpoint status >/dev/null\n`;
}

async function refuseIfFull(runner: Runner, cluster: string, signal: AbortSignal): Promise<void> {
  const condition = await readCondition(runner, signal);
  const full = condition === undefined ? [] : tooFull(condition);
  if (full.length === 0) return;
  throw new KeelsonError(
    "KEELSON_ETCD_FULL",
    `Cannot make room in etcd of cluster "${cluster}": ${full.map(describe).join("; ")} after defragmentation`,
  );
}

function describe({ address, used, quota }: MemberCondition): string {
  return `${address} uses ${mebibytes(used)} of ${mebibytes(quota)}`;
}

function mebibytes(bytes: number): string {
  return `${String(Math.round(bytes / 1024 ** 2))} MiB`;
}
