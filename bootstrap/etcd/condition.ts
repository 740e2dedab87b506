import type { Runner } from "../../remote/runner.ts";
import { etcdctl } from "./etcdctl.ts";

/** How much room etcd has, member by member. */
export interface EtcdCondition {
  /** Of the newest change: history before it can be given up. */
  readonly revision: number;
  /** Whether it refuses every write until the alarm is disarmed. */
  readonly isFull: boolean;
  readonly members: readonly MemberCondition[];
}

export interface MemberCondition {
  /** The URL for clients. */
  readonly url: string;
  /** Of its host. */
  readonly address: string;
  readonly isLeader: boolean;
  /** Bytes of its file, the free ones in it too. */
  readonly size: number;
  /** Bytes in use. */
  readonly used: number;
  /** Bytes that the file may have. */
  readonly quota: number;
}

/** etcd's own, in bytes, which versions before 3.6 do not tell. */
export const usualQuota = 2 * 1024 ** 3;

/** Asks all members that answer, through a control-plane host's own etcd; undefined if none does. */
export async function readCondition(
  runner: Runner,
  signal?: AbortSignal,
): Promise<EtcdCondition | undefined> {
  const script = `${etcdctl}\nexec 2>/dev/null\netcd endpoint status --cluster --write-out=json\nexit 0\n`;
  const { stdout } = await runner.run("sh -s", { stdin: script, ...(signal && { signal }) });
  return parseCondition(stdout);
}

/** Reads what etcdctl prints. Pure. */
export function parseCondition(output: string): EtcdCondition | undefined {
  const json = output.split("\n").find((line) => line.startsWith("[{"));
  if (json === undefined) return undefined;
  // Ids have more digits than a number of JavaScript.
  const all = JSON.parse(json.replace(/"(member_id|leader)":(\d+)/g, '"$1":"$2"')) as readonly Answer[];
  return {
    revision: Math.max(...all.map(({ Status: { header } }) => header.revision)),
    isFull: all.some(({ Status: { errors = [] } }) =>
      errors.some((error) => error.includes("alarm:NOSPACE")),
    ),
    members: all.map(({ Endpoint: url, Status: status }) => ({
      url,
      address: URL.parse(url)?.hostname.replace(/^\[|\]$/gu, "") ?? "",
      isLeader: status.header.member_id === status.leader,
      size: status.dbSize,
      used: status.dbSizeInUse ?? status.dbSize,
      quota: status.dbSizeQuota || usualQuota,
    })),
  };
}

interface Answer {
  readonly Endpoint: string;
  readonly Status: {
    readonly header: { readonly member_id: string; readonly revision: number };
    readonly leader: string;
    readonly dbSize: number;
    readonly dbSizeInUse?: number;
    readonly dbSizeQuota?: number;
    readonly errors?: readonly string[];
  };
}
