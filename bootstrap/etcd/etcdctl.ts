import { command, quote } from "../../remote/quote.ts";
import type { Runner } from "../../remote/runner.ts";
import { paths } from "../paths.ts";
import type { EtcdMember } from "./membership.ts";

/** The members as one host's etcd knows them. */
export interface MemberList {
  readonly members: readonly EtcdMember[];
  /** Whether a quorum confirmed the list; else it is what this one member remembers. */
  readonly isConfirmed: boolean;
}

/**
 * Reads members and their health through a control-plane host's own etcd; undefined if it does not answer. The keys
 * are the host's, and stay there.
 */
export async function listMembers(runner: Runner, signal?: AbortSignal): Promise<MemberList | undefined> {
  const { stdout } = await runner.run("sh -s", {
    stdin: listScript,
    okCodes: [0, 1],
    ...(signal && { signal }),
  });
  return parseMembers(stdout);
}

const patienceSeconds = 20;

/**
 * Takes a member out of etcd through another host, which verifies that it is gone. etcd lets nobody change its members until they have
 * been connected for five seconds, as they have not when hosts just started (`HealthInterval` in its server): that is waited for.
 *
 * @throws CommandError if etcd refuses or the member is still listed
 */
export async function removeMember(runner: Runner, id: string, signal?: AbortSignal): Promise<void> {
  // The member that goes may be the leader: the list is confirmed again as soon as there is another.
  const script = `${etcdctl}
listed() {
  for attempt in 1 2 3 4 5; do
    if members=$(etcd member list); then echo "$members" | grep -q ${quote(`^${id}, `)}; return; fi
  done
  exit 1
}
refuse() { echo "$said" >&2; exit 1; }
if listed; then
  tries=0
  until said=$(${command`etcd member remove ${id}`} 2>&1); do
    tries=$((tries + 1))
    [ $tries -lt ${String(patienceSeconds)} ] || refuse
    case $said in *"unhealthy cluster"*) sleep 1 ;; *) refuse ;; esac
  done
fi
if listed; then echo "the member is still listed" >&2; exit 1; fi`;
  await runner.run("sh -s", { stdin: `${script}\n`, ...(signal && { signal }) });
}

/** Reads the output of the script. Pure. */
export function parseMembers(output: string): MemberList | undefined {
  const [kind, ...lines] = output.split("\n").filter(Boolean);
  if (kind !== "confirmed" && kind !== "remembered") return undefined;
  const healthy = healthyUrls(lines.find((line) => line.startsWith("[{")) ?? "[]");
  const members = lines.flatMap((line) => {
    // 628170c800dbcee, started, cp1, https://10.0.0.11:2380, https://10.0.0.11:2379, false
    const [id = "", status, name = "", peers = "", clients = "", isLearner] = line.split(", ");
    if (status !== "started" && status !== "unstarted") return [];
    return [
      {
        id,
        name,
        address: hostOf(peers),
        isLearner: isLearner === "true",
        isHealthy: clients.split(",").some((url) => healthy.has(url)),
      },
    ];
  });
  return { members, isConfirmed: kind === "confirmed" };
}

function healthyUrls(json: string): ReadonlySet<string> {
  const entries = JSON.parse(json) as readonly Health[];
  return new Set(
    entries.filter(serves).map(({ endpoint, Endpoint: answering }) => endpoint ?? answering ?? ""),
  );
}

/** A member's health, or, without a quorum, its status: only those that answer have one. */
interface Health {
  readonly endpoint?: string;
  readonly health?: boolean;
  readonly error?: string;
  readonly Endpoint?: string;
}

/** One that has no space left is called sick, though it answers and votes. */
function serves({ health, error = "", Endpoint: answering }: Health): boolean {
  return answering !== undefined || health === true || /^Active Alarm\(s\): (NOSPACE ?)+$/.test(error.trim());
}

function hostOf(urls: string): string {
  return URL.parse(urls.split(",")[0] ?? "")?.hostname.replace(/^\[|\]$/gu, "") ?? "";
}

/** Shell words that ask the host's own etcd: `etcd member list` for example. */
export const etcdctl = `export ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
etcd() { ${command`${paths.binaries}/etcdctl --command-timeout=4s --cacert=${`${paths.pki}/etcd/ca.crt`} --cert=${`${paths.pki}/etcd/healthcheck-client.crt`} --key=${`${paths.pki}/etcd/healthcheck-client.key`}`} "$@"; }`;

/** Only started voters have an address to ask for their health. Without a quorum nobody is healthy, and some answer. */
const listScript = `${etcdctl}
exec 2>/dev/null
ask=health
if members=$(etcd member list); then echo confirmed; else members=$(etcd member list --consistency=s) || exit 1; echo remembered; ask=status; fi
echo "$members"
urls=$(echo "$members" | awk -F ', ' '$2 == "started" && $6 == "false" { printf "%s%s", separator, $5; separator = "," }')
[ -z "$urls" ] || ETCDCTL_ENDPOINTS=$urls etcd endpoint $ask --write-out=json
exit 0
`;
